-- name: put
insert into record (kind, id, owner_id, chat_id, updated_at, about, data) values (?, ?, ?, ?, ?, ?, ?)
on conflict (kind, id) do update set updated_at = excluded.updated_at, about = excluded.about, data = excluded.data
where record.owner_id = excluded.owner_id

-- name: exchange
update record set updated_at = ?, about = ? where kind = ? and id = ? and about = ?

-- name: get
select kind, id, owner_id, chat_id, updated_at, about from record where kind = ? and id = ?

-- name: data
select data from record where kind = ? and id = ?

-- name: of_owner
select kind, id, owner_id, chat_id, updated_at, about from record
where kind = ?1 and owner_id = ?2 and (updated_at < ?3 or (updated_at = ?3 and id < ?4))
order by updated_at desc, id desc limit ?5

-- name: of_all
select kind, id, owner_id, chat_id, updated_at, about from record
where kind = ?1 and (updated_at < ?2 or (updated_at = ?2 and id < ?3))
order by updated_at desc, id desc limit ?4

-- name: of_chat
select kind, id, owner_id, chat_id, updated_at, about from record where chat_id = ? and kind = ?

-- name: count
select count(*) from record where kind = ? and owner_id = ?

-- name: delete
delete from record where kind = ? and id = ?

-- name: sweep
delete from record where kind = ? and chat_id is null and updated_at < ? and owner_id not in (select value from json_each(?))

-- name: owned
select kind, id, owner_id, chat_id, updated_at, about from record
where owner_id = ? and (kind, id) > (?, ?) order by kind, id limit ?

-- name: forget_owned
delete from record where owner_id = ?

-- name: give
update record set owner_id = ? where owner_id = ? and kind in (select value from json_each(?))

-- name: has_chat
select 1 from chat where id = ?

-- name: size_bytes
select coalesce(sum(length(data)), 0) from record where kind = ? and owner_id = ?

-- name: put
insert into record (kind, id, owner_id, chat_id, updated_at, about, data) values ($1, $2, $3, $4, $5, $6, $7)
on conflict (kind, id) do update set updated_at = excluded.updated_at, about = excluded.about, data = excluded.data
where record.owner_id = excluded.owner_id

-- name: exchange
update record set updated_at = $1, about = $2 where kind = $3 and id = $4 and about = $5

-- name: get
select kind, id, owner_id, chat_id, updated_at, about from record where kind = $1 and id = $2

-- name: data
select data from record where kind = $1 and id = $2

-- name: of_owner
select kind, id, owner_id, chat_id, updated_at, about from record
where kind = $1 and owner_id = $2 and (updated_at < $3 or (updated_at = $3 and id < $4))
order by updated_at desc, id desc limit $5

-- name: of_all
select kind, id, owner_id, chat_id, updated_at, about from record
where kind = $1 and (updated_at < $2 or (updated_at = $2 and id < $3))
order by updated_at desc, id desc limit $4

-- name: of_chat
select kind, id, owner_id, chat_id, updated_at, about from record where chat_id = $1 and kind = $2

-- name: count
select count(*) from record where kind = $1 and owner_id = $2

-- name: delete
delete from record where kind = $1 and id = $2

-- name: sweep
delete from record where kind = $1 and chat_id is null and updated_at < $2 and owner_id <> all($3::text[])

-- name: give
update record set owner_id = $1 where owner_id = $2 and kind = any($3::text[])

-- name: has_chat
select 1 from chat where id = $1 for share

-- name: size_bytes
select coalesce(sum(octet_length(data)), 0) from record where kind = $1 and owner_id = $2

-- name: owned
select kind, id, owner_id, chat_id, updated_at, about from record
where owner_id = $1 and (kind collate "C", id) > ($2, $3) order by kind collate "C", id limit $4

-- name: forget_owned
delete from record where owner_id = $1

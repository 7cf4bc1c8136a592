-- name: save
insert into session (owner_id, id, title, saved_at, size_bytes, content) values (?, ?, ?, ?, ?, ?)
on conflict (owner_id, id) do update set
  title = excluded.title, saved_at = excluded.saved_at, size_bytes = excluded.size_bytes, content = excluded.content

-- name: keep_newest
delete from session where owner_id = ? and id in (
  select id from (
    select id, row_number() over newest_first as place, sum(size_bytes) over newest_first as total
    from session where owner_id = ? window newest_first as (order by saved_at desc, id desc)
  ) where place > ? or total > ?
)

-- name: sessions
select id, owner_id, title, saved_at from session where owner_id = ? order by saved_at desc, id desc limit ?

-- name: sessions_after
select id, owner_id, title, saved_at from session where owner_id = ? and (saved_at, id) < (?, ?)
order by saved_at desc, id desc limit ?

-- name: content
select content from session where owner_id = ? and id = ?

-- name: delete
delete from session where owner_id = ? and id = ?

-- name: forget_before
delete from session where rowid in (
  select rowid from session where saved_at < ? and owner_id not in (select value from json_each(?)) limit ?
)

-- name: save
insert into session (owner_id, id, title, saved_at, size_bytes, content) values ($1, $2, $3, $4, $5, $6)
on conflict (owner_id, id) do update set
  title = excluded.title, saved_at = excluded.saved_at, size_bytes = excluded.size_bytes, content = excluded.content

-- name: keep_newest
delete from session where owner_id = $1 and id in (
  select id from (
    select id, row_number() over newest_first as place, sum(size_bytes) over newest_first as total
    from session where owner_id = $1 window newest_first as (order by saved_at desc, id desc)
  ) as kept where place > $2::bigint or total > $3::bigint
)

-- name: sessions
select id, owner_id, title, saved_at from session where owner_id = $1 order by saved_at desc, id desc limit $2

-- name: sessions_after
select id, owner_id, title, saved_at from session where owner_id = $1 and (saved_at, id) < ($2, $3)
order by saved_at desc, id desc limit $4

-- name: content
select content from session where owner_id = $1 and id = $2

-- name: delete
delete from session where owner_id = $1 and id = $2

-- name: forget_before
delete from session where (owner_id, id) in (
  select owner_id, id from session where saved_at < $1 and not owner_id = any($2::text[]) limit $3
)

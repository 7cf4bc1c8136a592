-- name: is_taken
select 1 from api_key where name = ? and owner_id = ? and revoked_at is null

-- name: add
insert into api_key (id, digest, name, person_id, created_at, expires_at, owner_id, limits)
values (?, ?, ?, ?, ?, ?, ?, ?)
on conflict do nothing

-- name: find
select id, name, person_id, created_at, expires_at, revoked_at, last_used, owner_id, limits from api_key where digest = ?

-- name: keys
select id, name, person_id, created_at, expires_at, revoked_at, last_used, owner_id, limits from api_key order by created_at, id

-- name: revoke
update api_key set revoked_at = ? where id = ? and revoked_at is null

-- name: note_use
update api_key set last_used = max(coalesce(last_used, 0), ?) where id = ?

-- name: ended
select wanted.value from json_each(?) as wanted
where not exists (
  select 1 from api_key
  where id = wanted.value and revoked_at is null and (expires_at is null or expires_at > ?)
)

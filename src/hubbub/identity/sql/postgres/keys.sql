-- name: is_taken
select 1 from api_key where name = $1 and owner_id = $2 and revoked_at is null

-- name: add
insert into api_key (id, digest, name, person_id, created_at, expires_at, owner_id, limits)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict do nothing

-- name: find
select id, name, person_id, created_at, expires_at, revoked_at, last_used, owner_id, limits from api_key where digest = $1

-- name: keys
select id, name, person_id, created_at, expires_at, revoked_at, last_used, owner_id, limits from api_key order by created_at, id

-- name: revoke
update api_key set revoked_at = $1 where id = $2 and revoked_at is null

-- name: note_use
update api_key set last_used = greatest(coalesce(last_used, 0), used.at)
from unnest($1::text[], $2::double precision[]) as used (id, at) where api_key.id = used.id

-- name: ended
select wanted.id from unnest($1::text[]) as wanted (id)
where not exists (
  select 1 from api_key
  where api_key.id = wanted.id and revoked_at is null and (expires_at is null or expires_at > $2::double precision)
)

-- name: forget_person
delete from api_key where person_id = $1

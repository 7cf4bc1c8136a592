-- name: add
insert into sign_in (id, digest, person_id, provider, provider_session, address, agent, created_at, last_used)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: note_person
update person set last_signed_in = $1 where id = $2

-- name: columns
id, person_id, provider, provider_session, address, agent, created_at, last_used

-- name: find
select {columns} from sign_in where digest = $1 and ended_at is null

-- name: of
select {columns} from sign_in where person_id = $1 and ended_at is null order by created_at desc, id

-- name: end
update sign_in set ended_at = $1 where id = $2 and ended_at is null

-- name: end_of
update sign_in set ended_at = $1 where person_id = $2 and id <> $3 and ended_at is null

-- name: end_session
update sign_in set ended_at = $1 where provider = $2 and provider_session = $3 and ended_at is null

-- name: ended
select wanted.id from unnest($1::text[]) as wanted (id)
where not exists (
  select 1 from sign_in join person on person.id = person_id
  where sign_in.id = wanted.id and ended_at is null and is_active
  and last_used > $2::double precision and sign_in.created_at > $3::double precision
)

-- name: note_use
update sign_in set last_used = greatest(last_used, used.at)
from unnest($1::text[], $2::double precision[]) as used (id, at) where sign_in.id = used.id

-- name: forget
delete from sign_in where coalesce(ended_at, last_used) < $1

-- name: page
select {columns} from sign_in where ended_at is null and id > $1 order by id limit $2

-- name: keep_token
insert into id_token (sign_in_id, sealed) values ($1, $2) on conflict (sign_in_id) do update set sealed = excluded.sealed

-- name: token
select sealed from id_token where sign_in_id = $1

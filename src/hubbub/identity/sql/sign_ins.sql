-- name: add
insert into sign_in (id, digest, person_id, provider, provider_session, address, agent, created_at, last_used)
values (?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: note_person
update person set last_signed_in = ? where id = ?

-- name: find
select id, person_id, provider, provider_session, address, agent, created_at, last_used
from sign_in where digest = ? and ended_at is null

-- name: of
select id, person_id, provider, provider_session, address, agent, created_at, last_used
from sign_in where person_id = ? and ended_at is null order by created_at desc, id

-- name: end
update sign_in set ended_at = ? where id = ? and ended_at is null

-- name: end_of
update sign_in set ended_at = ? where person_id = ? and id <> ? and ended_at is null

-- name: end_session
update sign_in set ended_at = ? where provider = ? and provider_session = ? and ended_at is null

-- name: ended
select wanted.value from json_each(:ids) as wanted
where not exists (
  select 1 from sign_in join person on person.id = person_id
  where sign_in.id = wanted.value and ended_at is null and is_active
  and last_used > :idle_since and sign_in.created_at > :begun_since
)

-- name: note_use
update sign_in set last_used = max(last_used, ?) where id = ?

-- name: forget
delete from sign_in where coalesce(ended_at, last_used) < ?

-- name: page
select id, person_id, provider, provider_session, address, agent, created_at, last_used
from sign_in where ended_at is null and id > ? order by id limit ?

-- name: now
extract(epoch from clock_timestamp())::double precision

-- name: forget_challenges
delete from passkey_challenge where expires_at <= {now}

-- name: add_challenge
insert into passkey_challenge (digest, person_id, expires_at) values ($1, $2, {now} + $3)

-- name: take_challenge
delete from passkey_challenge where digest = $1 and expires_at > {now} and person_id is not distinct from $2

-- name: add
insert into passkey (id, person_id, public_key, sign_count, name, created_at) values ($1, $2, $3, $4, $5, $6)
on conflict do nothing

-- name: find
select passkey.id, person_id, public_key, sign_count, passkey.name, passkey.created_at, last_used
from passkey join person on person.id = person_id where passkey.id = $1 and is_active

-- name: of
select id, person_id, public_key, sign_count, name, created_at, last_used
from passkey where person_id = $1 order by created_at, id

-- name: use
update passkey set sign_count = $1, last_used = {now} where id = $2 and sign_count <= $1

-- name: remove
delete from passkey where person_id = $1 and id = $2

-- name: remove_all
delete from passkey where person_id = $1

-- name: forget_challenges_of
delete from passkey_challenge where person_id = $1

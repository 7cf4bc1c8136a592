-- name: forget_challenges
delete from passkey_challenge where expires_at <= ?

-- name: add_challenge
insert into passkey_challenge (digest, person_id, expires_at) values (?, ?, ?)

-- name: take_challenge
delete from passkey_challenge where digest = ? and expires_at > ? and person_id is ? returning 1

-- name: add
insert into passkey (id, person_id, public_key, sign_count, name, created_at) values (?, ?, ?, ?, ?, ?)
on conflict do nothing

-- name: find
select passkey.id, person_id, public_key, sign_count, passkey.name, passkey.created_at, last_used
from passkey join person on person.id = person_id where passkey.id = ? and is_active

-- name: of
select id, person_id, public_key, sign_count, name, created_at, last_used
from passkey where person_id = ? order by created_at, id

-- name: use
update passkey set sign_count = ?, last_used = ? where id = ? and sign_count <= ?

-- name: remove
delete from passkey where person_id = ? and id = ?

-- name: remove_all
delete from passkey where person_id = ?

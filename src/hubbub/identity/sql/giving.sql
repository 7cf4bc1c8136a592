-- name: count_keys
select count(*) from api_key where person_id = ? and revoked_at is null

-- name: give_keys
update api_key set person_id = ? where person_id = ? and owner_id = '' -- guests make none for themselves

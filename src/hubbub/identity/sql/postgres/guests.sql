-- name: begin
insert into guest_taken (guest_id, person_id, begun_at) values ($1, $2, $3)
on conflict (guest_id) do update set begun_at = excluded.begun_at, done_at = null
where guest_taken.person_id = excluded.person_id

-- name: taker
select person_id from guest_taken where guest_id = $1

-- name: finish
update guest_taken set done_at = $1 where guest_id = $2 and person_id = $3

-- name: unfinished
select guest_id, person_id from guest_taken where done_at is null order by begun_at

-- name: taken_by
select guest_id from guest_taken where person_id = $1 order by begun_at, guest_id

-- name: forget_person
delete from guest_taken where person_id = $1

-- name: count_keys
select count(*) from api_key where person_id = $1 and revoked_at is null

-- name: give_keys
update api_key set person_id = $2 where person_id = $1 and owner_id = '' -- guests make none for themselves

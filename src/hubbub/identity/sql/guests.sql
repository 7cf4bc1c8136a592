-- name: begin
insert into guest_taken (guest_id, person_id, begun_at) values (:guest, :person, :at)
on conflict do update set begun_at = :at, done_at = null where person_id = :person

-- name: taker
select person_id from guest_taken where guest_id = ?

-- name: finish
update guest_taken set done_at = ? where guest_id = ? and person_id = ?

-- name: unfinished
select guest_id, person_id from guest_taken where done_at is null order by begun_at

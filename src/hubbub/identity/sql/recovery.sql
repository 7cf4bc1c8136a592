-- name: add
insert into recovery_code (person_id, digest) values (?, ?)

-- name: use
delete from recovery_code where person_id = ? and digest = ?

-- name: drop
delete from recovery_code where person_id = ?

-- name: count
select count(*) from recovery_code where person_id = ?

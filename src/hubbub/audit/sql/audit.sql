-- name: last
select number, digest from audit order by number desc limit 1

-- name: start
select number, digest from audit_start order by number desc limit 1

-- name: append
insert into audit (number, entry, digest) values (?, ?, ?)

-- name: after
select number, entry, digest from audit where number > ? order by number limit ?

-- name: before
select number, entry from audit where number < ? order by number desc limit ?

-- name: oldest
select number, entry, digest from audit order by number limit ?

-- name: start_behind
insert into audit_start (number, digest) values (?, ?)

-- name: forget_starts
delete from audit_start where number < ?

-- name: delete_until
delete from audit where number <= ?

-- name: taken
select place from audit_taken where outbox = ?

-- name: take
insert into audit_taken (outbox, place) values (?, ?) on conflict do update set place = excluded.place

-- name: outbox_id
select id from audit_outbox_id

-- name: put_out
insert into audit_outbox (entry) values (?)

-- name: waiting
select place, entry from audit_outbox order by place limit ?

-- name: taken_over
delete from audit_outbox where place <= ?

-- name: state
select value from audit_state where name = ?

-- name: put_state
insert into audit_state (name, value) values (?, ?) on conflict do update set value = excluded.value

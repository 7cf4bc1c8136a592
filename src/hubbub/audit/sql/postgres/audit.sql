-- name: lock
select pg_advisory_xact_lock($1)

-- name: last
select number, digest from audit order by number desc limit 1

-- name: start
select number, digest from audit_start order by number desc limit 1

-- name: append
insert into audit (number, entry, digest) values ($1, $2, $3)

-- name: after
select number, entry, digest from audit where number > $1 order by number limit $2

-- name: before
select number, entry from audit where number < $1 order by number desc limit $2

-- name: oldest
select number, entry, digest from audit order by number limit $1

-- name: start_behind
insert into audit_start (number, digest) values ($1, $2)

-- name: forget_starts
delete from audit_start where number < $1

-- name: delete_until
delete from audit where number <= $1

-- name: taken
select place from audit_taken where outbox = $1

-- name: take
insert into audit_taken (outbox, place) values ($1, $2) on conflict (outbox) do update set place = excluded.place

-- name: state
select value from audit_state where name = $1

-- name: put_state
insert into audit_state (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value

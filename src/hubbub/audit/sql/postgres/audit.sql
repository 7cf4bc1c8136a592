-- name: lock
select pg_advisory_xact_lock(7022364301936683109)

-- name: last
select number, digest from audit order by number desc limit 1

-- name: append
insert into audit (number, entry, digest) values ($1, $2, $3)

-- name: after
select number, entry, digest from audit where number > $1 order by number limit $2

-- name: last
select number, digest from audit order by number desc limit 1

-- name: append
insert into audit (number, entry, digest) values (?, ?, ?)

-- name: after
select number, entry, digest from audit where number > ? order by number limit ?

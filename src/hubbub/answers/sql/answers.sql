-- name: open
insert into answer (id, owner_id, opened_at, worker, place, grace_seconds, expires_at, credential, trace)
values (?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict do nothing

-- name: is_member
select 1 from worker where number = ?

-- name: append
insert into journal (place, data) values (?, ?)

-- name: settle
insert into portion (answer_id, last_number, data)
select id, ?2, ?3 from answer where id = ?1 -- it may be forgotten: then nothing is kept of it

-- name: clear
delete from journal where place >= ? and place < ?

-- name: end
update answer set result = ?2, worker = null, stop_reason = null, watched_at = null, credential = null, trace = null
where id = ?1

-- name: portions
select last_number, data from portion where answer_id = ? and last_number > ? order by last_number limit ?

-- name: begun_at
select worker, place from answer where id = ? and worker is not null

-- name: find
select id, owner_id, grace_seconds, result from answer where id in (select value from json_each(?))

-- name: forget
delete from answer where id in (select value from json_each(?))

-- name: forget_expired
delete from answer
where id in (select id from answer where expires_at < ? and worker is null order by expires_at limit 200)

-- name: join
insert into worker (seen_at, process) values (?, ?) returning number

-- name: leave
delete from worker where number = ?

-- name: renew
update worker set seen_at = ? where number = ?

-- name: others
select number, seen_at, exists (select 1 from answer where worker = number), process
from worker where number <> :number
union all
select distinct worker, 0, 1, null from answer
where worker is not null and worker <> :number and worker not in (select number from worker)

-- name: orphans
update answer set worker = ?, place = ? where worker = ?
returning id, owner_id, grace_seconds, stop_reason, credential, trace

-- name: mine
select id, owner_id, grace_seconds, stop_reason, credential, trace from answer where worker = ?

-- name: clear_left
delete from journal
where place / 1099511627776 not in (select number from worker)
and place / 1099511627776 not in (select worker from answer where worker is not null)

-- name: journal
select place, data from journal where place >= ? and place < ? order by place

-- name: last_settled
select coalesce(max(last_number), 0) from portion where answer_id = ?

-- name: news
select id, stop_reason, watched_at from answer
where worker = ? and worker is not null and (stop_reason is not null or watched_at is not null)

-- name: ask_to_stop
update answer set stop_reason = ? where id = ? and worker is not null

-- name: tell_watched
update answer set watched_at = ? where worker is not null and id in (select value from json_each(?))

-- name: owners
select id, owner_id from answer where id > ? order by id limit ?

-- name: keep_longer
update answer set expires_at = max(expires_at, ?2)
where expires_at is not null and owner_id in (select value from json_each(?1))

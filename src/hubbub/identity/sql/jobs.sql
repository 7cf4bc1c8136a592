-- name: hold
insert into legal_hold (person_id, reason, placed_by, placed_at) values (?, ?, ?, ?)
on conflict do update set reason = excluded.reason

-- name: release
delete from legal_hold where person_id = ?

-- name: holds
select person_id, reason, placed_by, placed_at from legal_hold order by person_id

-- name: is_held
select 1 from legal_hold where person_id = ?

-- name: add
insert into person_job (id, kind, person_id, asked_by, asked_at, taker_id, state, report)
values (?, ?, ?, ?, ?, ?, 'waiting', '{}')

-- name: waiting_of
select id, kind, person_id, asked_by, asked_at, state, ended_at, report, taker_id from person_job
where person_id = ? and kind = ? and state = 'waiting'

-- name: next
select id, kind, person_id, asked_by, asked_at, state, ended_at, report, taker_id from person_job
where state = 'waiting' order by id limit 1

-- name: job
select id, kind, person_id, asked_by, asked_at, state, ended_at, report, taker_id from person_job where id = ?

-- name: of
select id, kind, person_id, asked_by, asked_at, state, ended_at, report, taker_id from person_job
where person_id = ? order by id desc limit ?

-- name: page
select id, kind, person_id, asked_by, asked_at, state, ended_at, report, taker_id from person_job
where ? = '' or id < ?1 order by id desc limit ?2

-- name: note
update person_job set report = ? where id = ?

-- name: end
update person_job set state = ?, ended_at = ?, report = ? where id = ?

-- name: put_reading
insert into operator_reading (operator_id, person_id, reason, until) values (?, ?, ?, ?)
on conflict do update set reason = excluded.reason, until = excluded.until

-- name: drop_reading
delete from operator_reading where operator_id = ? and person_id = ?

-- name: forget_readings
delete from operator_reading where until < ?

-- name: readings
select operator_id, person_id, reason, until from operator_reading where operator_id = ? and until > ?

-- name: readings_about
select operator_id, person_id, reason, until from operator_reading where operator_id = ?1 or person_id = ?1

-- name: forget_readings_about
delete from operator_reading where operator_id = ?1 or person_id = ?1

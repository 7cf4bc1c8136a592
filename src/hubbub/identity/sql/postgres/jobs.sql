-- name: hold
insert into legal_hold (person_id, reason, placed_by, placed_at) values ($1, $2, $3, $4)
on conflict (person_id) do update set reason = excluded.reason

-- name: release
delete from legal_hold where person_id = $1

-- name: holds
select person_id, reason, placed_by, placed_at from legal_hold order by person_id

-- name: is_held
select 1 from legal_hold where person_id = $1

-- name: columns
id, kind, person_id, asked_by, asked_at, state, ended_at, report, taker_id

-- name: add
insert into person_job (id, kind, person_id, asked_by, asked_at, taker_id, state, report)
values ($1, $2, $3, $4, $5, $6, 'waiting', '{}')
on conflict (person_id, kind) where state = 'waiting' do nothing

-- name: waiting_of
select {columns} from person_job where person_id = $1 and kind = $2 and state = 'waiting'

-- name: next
select {columns} from person_job where state = 'waiting' order by id limit 1

-- name: job
select {columns} from person_job where id = $1

-- name: of
select {columns} from person_job where person_id = $1 order by id desc limit $2

-- name: page
select {columns} from person_job where $1 = '' or id < $1 order by id desc limit $2

-- name: note
update person_job set report = $1 where id = $2

-- name: end
update person_job set state = $1, ended_at = $2, report = $3 where id = $4

-- name: put_reading
insert into operator_reading (operator_id, person_id, reason, until) values ($1, $2, $3, $4)
on conflict (operator_id, person_id) do update set reason = excluded.reason, until = excluded.until

-- name: drop_reading
delete from operator_reading where operator_id = $1 and person_id = $2

-- name: forget_readings
delete from operator_reading where until < $1

-- name: readings
select operator_id, person_id, reason, until from operator_reading where operator_id = $1 and until > $2

-- name: readings_about
select operator_id, person_id, reason, until from operator_reading where operator_id = $1 or person_id = $1

-- name: forget_readings_about
delete from operator_reading where operator_id = $1 or person_id = $1

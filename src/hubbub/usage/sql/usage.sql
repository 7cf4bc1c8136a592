-- name: counter
select questions, tokens, money from quota_counter where scope = ? and subject = ? and span = ? and start = ?

-- name: count
insert into quota_counter (scope, subject, span, start, questions, tokens, money) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
on conflict do update set
    questions = iif(start = excluded.start, questions, 0) + excluded.questions,
    tokens = iif(start = excluded.start, tokens, 0) + excluded.tokens,
    money = iif(start = excluded.start, money, 0) + excluded.money,
    start = excluded.start

-- name: correct
update quota_counter set questions = questions + ?5, tokens = tokens + ?6, money = money + ?7
where scope = ?1 and subject = ?2 and span = ?3 and start = ?4 -- another window has begun anew

-- name: reserve
insert into quota_reservation (answer_id, questions, tokens, money, person, key, groups, counters)
values (?, ?, ?, ?, ?, ?, ?, ?)

-- name: reserved
select questions, tokens, money, person, key, groups, counters from quota_reservation where answer_id = ?

-- name: release
delete from quota_reservation where answer_id = ?

-- name: has_reserved
select 1 from quota_reservation limit 1

-- name: has_answers
select 1 from sqlite_schema where type = 'table' and name = 'answer'

-- name: all_reserved
select answer_id from quota_reservation

-- name: of_no_open_answer
select answer_id from quota_reservation
where not exists (select 1 from answer where id = answer_id and result is null)

-- name: record
insert into usage (
    answer_id, place, at, kind, outcome, model, deployment, questions,
    input_tokens, cached_tokens, output_tokens, reasoning_tokens, money, is_estimated, person, key, groups
) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict do nothing

-- name: forget_counters
delete from quota_counter where start < ?

-- name: by_person
select person, {sums} from usage where at >= ? and at < ? group by person order by sum(money) desc, 2 desc, 1

-- name: by_key
select key, {sums} from usage where at >= ? and at < ? group by key order by sum(money) desc, 2 desc, 1

-- name: by_model
select model, {sums} from usage where at >= ? and at < ? group by model order by sum(money) desc, 2 desc, 1

-- name: by_group
select one.value, {sums} from usage, json_each(groups) as one where at >= ? and at < ?
group by one.value order by sum(money) desc, 2 desc, 1

-- name: in_all
select '', {sums} from usage where at >= ? and at < ? having count(*) > 0

-- name: counter
select questions, tokens, money from quota_counter where scope = ? and subject = ? and span = ? and start = ?

-- Rows are bound one by one: JSON that is taken apart in a statement costs twice as much as all the rest of it.

-- name: counters
select scope, subject, span, questions, tokens, money, start from quota_counter
where (scope, subject, span) in (values {rows})

-- name: put_counters
insert into quota_counter (scope, subject, span, questions, tokens, money, start) values {rows}
on conflict do update set
    questions = excluded.questions, tokens = excluded.tokens, money = excluded.money, start = excluded.start

-- name: reserve
insert into quota_reservation (answer_id, questions, tokens, money, person, key, groups, counters)
values {rows}

-- name: release
delete from quota_reservation where answer_id in ({rows})
returning answer_id, questions, tokens, money, person, key, groups, counters

-- name: reserved
select answer_id, questions, tokens, money, person, key, groups, counters from quota_reservation
where answer_id in ({rows})

-- name: ended
select answer_id, sum(questions), sum(input_tokens + output_tokens), sum(money) from usage
where answer_id in ({rows}) group by answer_id

-- name: all_ended
select answer_id, sum(one.questions), sum(one.input_tokens + one.output_tokens), sum(one.money)
from quota_reservation cross join usage as one using (answer_id) group by answer_id

-- name: excess
with used as (
    select answer_id, counters, kept.questions, kept.tokens, kept.money, sum(one.questions) as asked,
        sum(one.input_tokens + one.output_tokens) as read_and_said, sum(one.money) as spent
    from quota_reservation as kept cross join usage as one using (answer_id) group by answer_id
)
select counters, sum(questions - asked), sum(tokens - read_and_said), sum(money - spent) from used group by counters

-- name: drop_reserved
delete from quota_reservation where answer_id in ({rows})

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

-- name: sums
sum(questions), count(*), sum(input_tokens), sum(cached_tokens), sum(output_tokens), sum(reasoning_tokens),
sum(money), sum(is_estimated)

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

-- name: window
select max(answer_id) from (select answer_id from usage where answer_id > ? order by answer_id limit ?)

-- name: of_person
select answer_id, place, at, kind, outcome, model, deployment, questions, input_tokens, cached_tokens, output_tokens,
    reasoning_tokens, money, is_estimated
from usage where answer_id > ? and answer_id <= ? and person = ? order by answer_id, place

-- name: forget_person
update usage set person = '', key = '' where answer_id > ? and answer_id <= ? and person = ?

-- name: forget_counters_of
delete from quota_counter where scope = 'person' and subject = ?

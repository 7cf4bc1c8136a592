-- name: counter
select questions, tokens, money from quota_counter where scope = $1 and subject = $2 and span = $3 and start = $4

-- name: count
-- In one order everywhere, so that none waits for another.
insert into quota_counter as known (scope, subject, span, start, questions, tokens, money)
select scope, subject, span, start, $5::bigint, $6::bigint, $7::bigint
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as one (scope, subject, span, start)
order by scope, subject, span
on conflict (scope, subject, span) do update set
    questions = case when known.start = excluded.start then known.questions else 0 end + excluded.questions,
    tokens = case when known.start = excluded.start then known.tokens else 0 end + excluded.tokens,
    money = case when known.start = excluded.start then known.money else 0 end + excluded.money,
    start = excluded.start
returning scope, subject, span, questions, tokens, money

-- name: correct
with given as materialized (
    select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
        as one (scope, subject, span, start, questions, tokens, money)
),
locked as materialized (
    select scope, subject, span from quota_counter
    where (scope, subject, span, start) in (select scope, subject, span, start from given) -- else a new window has begun
    order by scope, subject, span
    for update
)
update quota_counter as known set
    questions = known.questions + given.questions,
    tokens = known.tokens + given.tokens,
    money = known.money + given.money
from given join locked using (scope, subject, span)
where known.scope = given.scope and known.subject = given.subject and known.span = given.span
    and known.start = given.start

-- name: reserve
insert into quota_reservation (answer_id, questions, tokens, money, person, key, groups, counters)
values ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: release
delete from quota_reservation where answer_id = any($1::text[])
returning answer_id, questions, tokens, money, person, key, groups, counters

-- name: has_reserved
select 1 from quota_reservation limit 1

-- name: has_answers
select 1 where to_regclass('answer') is not null

-- name: all_reserved
select answer_id, 0, 0, 0 from quota_reservation

-- name: of_no_open_answer
-- With what they used: SQLite settles later, and a move may bring some that ended.
select answer_id, coalesce(sum(one.questions), 0)::bigint,
    coalesce(sum(one.input_tokens + one.output_tokens), 0)::bigint, coalesce(sum(one.money), 0)::bigint
from quota_reservation left join usage as one using (answer_id)
where not exists (select 1 from answer where id = answer_id and result is null)
group by answer_id

-- name: record
insert into usage (
    answer_id, place, at, kind, outcome, model, deployment, questions,
    input_tokens, cached_tokens, output_tokens, reasoning_tokens, money, is_estimated, person, key, groups
) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
on conflict do nothing

-- name: forget_counters
delete from quota_counter where start < $1

-- name: sums
coalesce(sum(questions), 0)::bigint, count(*), coalesce(sum(input_tokens), 0)::bigint,
coalesce(sum(cached_tokens), 0)::bigint, coalesce(sum(output_tokens), 0)::bigint,
coalesce(sum(reasoning_tokens), 0)::bigint, coalesce(sum(money), 0)::bigint, sum(is_estimated::integer)

-- name: by_person
select person, {sums} from usage where at >= $1 and at < $2 group by person order by sum(money) desc, 2 desc, 1

-- name: by_key
select key, {sums} from usage where at >= $1 and at < $2 group by key order by sum(money) desc, 2 desc, 1

-- name: by_model
select model, {sums} from usage where at >= $1 and at < $2 group by model order by sum(money) desc, 2 desc, 1

-- name: by_group
select one.name, {sums} from usage, unnest(groups) as one (name) where at >= $1 and at < $2
group by one.name order by sum(money) desc, 2 desc, 1

-- name: in_all
select '', {sums} from usage where at >= $1 and at < $2 having count(*) > 0

-- name: window
select max(answer_id) from (
    select answer_id from usage where answer_id > $1 order by answer_id limit $2
) as looked_at

-- name: of_person
select answer_id, place, at, kind, outcome, model, deployment, questions, input_tokens, cached_tokens, output_tokens,
    reasoning_tokens, money, is_estimated
from usage where answer_id > $1 and answer_id <= $2 and person = $3 order by answer_id, place

-- name: forget_person
update usage set person = '', key = '' where answer_id > $1 and answer_id <= $2 and person = $3

-- name: forget_counters_of
delete from quota_counter where scope = 'person' and subject = $1

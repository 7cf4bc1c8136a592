-- name: open
insert into answer (id, owner_id, opened_at, worker, place, grace_seconds, expires_at, credential, trace)
select $1::text, $2::text, extract(epoch from clock_timestamp()), $3::bigint, $4::bigint, $5::double precision, extract(epoch from clock_timestamp()) + $6::double precision,
  $7::text, $8::text
on conflict do nothing

-- name: is_member
select 1 from worker where number = $1 for key share

-- name: append
with member as materialized (
  select number from worker where number = $1 for key share
), written as (
  insert into journal (place, data) select $2::bigint, $3::bytea from member where $3::bytea <> ''::bytea on conflict do nothing
), settled as (
  insert into portion (answer_id, last_number, data)
  select made.id, made.last_number, made.data
  from member, unnest($4::text[], $5::bigint[], $6::bytea[]) as made (id, last_number, data)
  join answer on answer.id = made.id -- it may be forgotten: then nothing is kept of it
  on conflict do nothing
), ended as (
  update answer
  set result = made.result, worker = null, stop_reason = null, watched_at = null, credential = null, trace = null
  from member, unnest($7::text[], $8::bytea[]) as made (id, result)
  where answer.id = made.id
), cleared as (
  delete from journal using member where place >= $9::bigint and place < $10::bigint
)
select case when $11::boolean then pg_notify('hubbub', 'journal ' || number) end from member

-- name: settle
insert into portion (answer_id, last_number, data)
select made.id, made.last_number, made.data
from unnest($1::text[], $2::bigint[], $3::bytea[]) as made (id, last_number, data) join answer on answer.id = made.id
on conflict do nothing

-- name: end
update answer set result = made.result, worker = null
from unnest($1::text[], $2::bytea[]) as made (id, result) where answer.id = made.id

-- name: clear
delete from journal where place >= $1 and place < $2

-- name: read
with portions as materialized (
  select last_number, data from portion where answer_id = $1 and last_number > $2 order by last_number limit $3
), begun as materialized (
  select worker, place from answer where id = $1 and worker is not null and (select count(*) from portions) < $3
)
select 'portion' as kind, last_number as place, data from portions
union all
select 'here', worker, null from begun where worker = $4
union all
select 'journal', journal.place, journal.data from begun join journal
on journal.place >= begun.place and journal.place < (begun.worker + 1) * 1099511627776
where begun.worker <> $4

-- name: find
select id, owner_id, grace_seconds, result from answer where id = any($1::text[]) order by id

-- name: forget
delete from answer where id = any($1::text[])

-- name: forget_expired
delete from answer where id in (
  select id from answer
  where expires_at < extract(epoch from clock_timestamp()) and worker is null
  order by expires_at limit 200 for update skip locked
)

-- name: join
insert into worker (seen_at, process) values (extract(epoch from clock_timestamp()), $1) returning number

-- name: leave
delete from worker where number = $1

-- name: renew
update worker set seen_at = extract(epoch from clock_timestamp()) where number = $1

-- name: now
select extract(epoch from clock_timestamp())::double precision

-- name: others
select number, seen_at, exists (select 1 from answer where worker = number), process from worker where number <> $1
union all
select distinct worker, 0::double precision, true, null from answer
where worker is not null and worker <> $1 and worker not in (select number from worker)
order by 1

-- name: orphans
update answer set worker = $1, place = $2 where worker = $3
returning id, owner_id, grace_seconds, stop_reason, credential, trace

-- name: mine
select id, owner_id, grace_seconds, stop_reason, credential, trace from answer where worker = $1 order by id

-- name: clear_left
delete from journal
where not exists (select 1 from worker where number = place / 1099511627776)
and not exists (select 1 from answer where worker = place / 1099511627776)

-- name: last_settled
select answer_id, max(last_number) from portion where answer_id = any($1::text[]) group by answer_id

-- name: journal
select place, data from journal where place >= $1 and place < $2 order by place

-- name: look
with known as materialized (
  select * from unnest($2::bigint[], $3::bigint[]) as known (worker, place)
), others as materialized (
  select number from worker where number <> $1 union select worker from known
)
select others.number, journal.place, journal.data
from others left join known on known.worker = others.number
left join lateral (
  select place, data from journal
  where place >= coalesce(known.place, others.number * 1099511627776) and place < (others.number + 1) * 1099511627776
) as journal on true
order by others.number, journal.place

-- name: alive
select number from worker where number = any($1::bigint[])

-- name: news
select id, stop_reason, watched_at from answer
where worker = $1 and worker is not null and (stop_reason is not null or watched_at is not null)

-- name: ask_to_stop
update answer set stop_reason = $1 where id = $2 and worker is not null
returning pg_notify('hubbub', 'marks ' || worker)

-- name: tell_watched
update answer set watched_at = extract(epoch from clock_timestamp())
where worker is not null and id = any($1::text[])

-- name: owners
select id, owner_id from answer where id > $1 order by id limit $2

-- name: keep_longer
update answer set expires_at = greatest(expires_at, $2)
where expires_at is not null and owner_id = any($1::text[])

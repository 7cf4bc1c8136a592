-- Events are written twice: at once to the end of the journal, where all that comes together lies together, and a
-- few seconds later, many at a time, to where they are found by their answer.
create table worker (
  number integer primary key autoincrement, -- never used again
  seen_at real not null
);

create table journal (
  place integer primary key, -- the worker's number * 2^40, and from there on upwards
  data blob not null -- all that came together: a line an event, its answer's id, its number and its JSON
);

create table portion (
  answer_id text not null references answer (id) on delete cascade,
  last_number integer not null, -- that of the last event in it
  data blob not null, -- events as JSON, a line each
  primary key (answer_id, last_number)
) without rowid;

insert into portion
select answer_id, max(number), cast(group_concat(cast(data as text), char(10) order by number) as blob)
from event group by answer_id;
drop table event;

alter table answer add column worker integer; -- who makes it; null once it has ended
alter table answer add column place integer; -- where its worker's journal stood when it was begun
alter table answer add column grace_seconds real; -- how long it is worked on while nobody watches; null: to its end
alter table answer add column stop_reason text; -- set by another worker
alter table answer add column watched_at real; -- set by other workers
update answer set worker = 0 where result is null; -- there is no worker 0: somebody takes it over
drop index answer_unended;
create index answer_of_worker on answer (worker) where worker is not null;
create index answer_with_news on answer (worker)
  where worker is not null and (stop_reason is not null or watched_at is not null);

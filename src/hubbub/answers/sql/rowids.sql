-- With rowids: without, SQLite reads a row to its end to compare its key, and these rows are as long as answers are.
create table answer_by_rowid (
  id text primary key not null,
  owner_id text not null,
  opened_at real not null,
  worker integer, -- who makes it; null once it has ended
  place integer, -- where its worker's journal stood when it was begun
  grace_seconds real, -- how long it is worked on while nobody watches; null: to its end
  stop_reason text, -- set by another worker
  watched_at real, -- set by other workers
  expires_at real, -- null: it is kept until it is forgotten with its chat
  credential text, -- names the key or session that it was asked with, while it is open
  trace text, -- the traceparent of the trace that it was begun in, while it is open
  result blob -- what it came to, as JSON; null while it has no ending
);

insert into answer_by_rowid (
  id, owner_id, opened_at, worker, place, grace_seconds, stop_reason, watched_at, expires_at, credential, trace, result
)
select
  id, owner_id, opened_at, worker, place, grace_seconds, stop_reason, watched_at, expires_at, credential, trace, result
from answer order by id;

create table portion_by_rowid (
  answer_id text not null references answer_by_rowid (id) on delete cascade,
  last_number integer not null, -- that of the last event in it
  data blob not null, -- events as JSON, a line each
  primary key (answer_id, last_number)
);

insert into portion_by_rowid (answer_id, last_number, data)
select answer_id, last_number, data from portion order by answer_id, last_number;

drop table portion;
drop table answer;
alter table answer_by_rowid rename to answer;
alter table portion_by_rowid rename to portion;

create index answer_of_worker on answer (worker) where worker is not null;
create index answer_with_news on answer (worker)
  where worker is not null and (stop_reason is not null or watched_at is not null);
create index answer_expiring on answer (expires_at) where expires_at is not null;

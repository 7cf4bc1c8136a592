-- Events are written twice: at once to the end of the journal, where all that comes together is one row, and a few
-- seconds later, many at a time, to where they are found by their answer.
create table worker (
  number bigint generated always as identity primary key, -- never used again
  seen_at double precision not null -- by the database's clock
);

create table answer (
  id text collate "C" primary key,
  owner_id text not null,
  opened_at double precision not null,
  result bytea, -- what it came to, as JSON; null while it has no ending
  worker bigint, -- who makes it; null once it has ended; 0: whoever claims it
  place bigint, -- where its worker's journal stood when it was begun
  grace_seconds double precision, -- how long it is worked on while nobody watches; null: to its end
  stop_reason text, -- set by another worker
  watched_at double precision, -- set by other workers
  expires_at double precision, -- null: it is kept until it is forgotten with its chat
  credential text -- names the key or session that it was asked with, while it is open
) with (fillfactor = 90);

create index answer_of_worker on answer (worker) where worker is not null;
create index answer_with_news on answer (worker)
  where worker is not null and (stop_reason is not null or watched_at is not null);
create index answer_expiring on answer (expires_at) where expires_at is not null;

create table journal (
  place bigint primary key, -- the worker's number * 2^40, and from there on upwards
  data bytea not null -- all that came together: a line an event, its answer's id, its number and its JSON
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
alter table journal alter column data set storage external; -- it is read and gone soon: not worth compressing

create table portion (
  answer_id text collate "C" not null references answer (id) on delete cascade,
  last_number bigint not null, -- that of the last event in it
  data bytea not null, -- events as JSON, a line each
  primary key (answer_id, last_number)
);

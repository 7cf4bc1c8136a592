create table legal_hold (
  person_id text primary key,
  reason text not null,
  placed_by text not null,
  placed_at real not null
) without rowid;

create table person_job (
  id text primary key, -- grows with time
  kind text not null, -- export or erasure
  person_id text not null,
  asked_by text not null,
  asked_at real not null,
  state text not null, -- waiting, done or failed
  ended_at real,
  report text not null -- JSON: counts by what they are of
) without rowid;

create index person_job_of on person_job (person_id, id);
create index person_job_waiting on person_job (id) where state = 'waiting';

create table operator_reading (
  operator_id text not null,
  person_id text not null,
  reason text not null,
  until real not null,
  primary key (operator_id, person_id)
) without rowid;

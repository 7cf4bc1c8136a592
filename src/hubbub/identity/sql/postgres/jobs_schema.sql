create table legal_hold (
  person_id text collate "C" primary key,
  reason text not null,
  placed_by text not null,
  placed_at double precision not null
);

create table person_job (
  id text collate "C" primary key, -- grows with time
  kind text not null, -- export or erasure
  person_id text not null,
  asked_by text not null,
  asked_at double precision not null,
  state text not null, -- waiting, done or failed
  ended_at double precision,
  report text not null -- JSON: counts by what they are of
);
create index person_job_of on person_job (person_id, id);
create unique index person_job_waiting on person_job (person_id, kind) where state = 'waiting';

create table operator_reading (
  operator_id text collate "C" not null,
  person_id text collate "C" not null,
  reason text not null,
  until double precision not null,
  primary key (operator_id, person_id)
);

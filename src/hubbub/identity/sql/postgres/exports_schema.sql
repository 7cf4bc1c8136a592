-- Exports of people's data, for all machines. One that is here is whole.
create table person_export (
  job_id text collate "C" primary key references person_job (id) on delete cascade,
  size_bytes bigint not null,
  kept_at double precision not null
);

-- Pieces come first: those of a job that still waits may be half.
create table person_export_piece (
  job_id text collate "C" not null references person_job (id) on delete cascade,
  number integer not null,
  data bytea not null,
  primary key (job_id, number)
);
alter table person_export_piece alter column data set storage external; -- they are compressed already

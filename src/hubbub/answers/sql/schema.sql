create table answer (
  id text primary key,
  owner_id text not null,
  opened_at real not null,
  result blob -- what it came to, as JSON; null while it has no ending
) without rowid;

create index answer_unended on answer (id) where result is null;

create table event (
  answer_id text not null references answer (id) on delete cascade,
  number integer not null,
  data blob not null, -- JSON
  primary key (answer_id, number)
) without rowid;

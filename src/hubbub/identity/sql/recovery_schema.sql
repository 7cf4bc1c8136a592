create table recovery_code (
  person_id text not null references person (id) on delete cascade,
  digest blob not null, -- SHA-256 of the code, which is written nowhere
  primary key (person_id, digest)
) without rowid;

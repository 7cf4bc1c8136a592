create table api_key (
  id text primary key,
  digest blob not null unique, -- SHA-256 of the whole key, which is written nowhere
  name text not null,
  person_id text not null,
  created_at real not null,
  expires_at real,
  revoked_at real,
  last_used real
) without rowid;

create unique index api_key_of_name on api_key (name) where revoked_at is null;

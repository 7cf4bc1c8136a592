create table api_key (
  id text collate "C" primary key,
  digest bytea not null unique, -- SHA-256 of the whole key, which is written nowhere
  name text not null,
  person_id text not null,
  created_at double precision not null,
  expires_at double precision,
  revoked_at double precision,
  last_used double precision
);
create unique index api_key_of_name on api_key (name) where revoked_at is null;

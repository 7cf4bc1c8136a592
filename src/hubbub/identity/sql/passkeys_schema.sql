create table passkey (
  id blob primary key, -- the credential's, as the authenticator chose it
  person_id text not null references person (id) on delete cascade,
  public_key blob not null,
  sign_count integer not null,
  name text not null,
  created_at real not null,
  last_used real
) without rowid;

create index passkey_of on passkey (person_id, created_at);

create table passkey_challenge (
  digest blob primary key, -- SHA-256 of the challenge
  person_id text, -- whose passkey is being set up; null: somebody signs in
  expires_at real not null
) without rowid;

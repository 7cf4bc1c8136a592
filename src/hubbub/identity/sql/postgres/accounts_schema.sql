create table account (
  person_id text collate "C" primary key references person (id) on delete cascade,
  email text not null unique, -- as it is compared: see `compared`
  password text, -- as argon2id writes it; null until one is set
  totp_secret bytea,
  totp_proposed bytea, -- until a code shows that an app has it
  totp_step bigint not null default 0 -- the last one that was used
);

create table account_link (
  digest bytea primary key, -- SHA-256 of the secret in the link, which is written nowhere
  kind text not null,
  person_id text collate "C" references person (id) on delete cascade, -- whose; null: somebody new's
  email text not null,
  name text not null,
  is_operator boolean not null,
  created_at double precision not null,
  expires_at double precision not null
);
create index account_link_of on account_link (person_id) where person_id is not null;

create table sign_in_attempt (
  id bigint generated always as identity primary key,
  account bytea not null, -- SHA-256 of the e-mail that was given, whether there is such an account or not
  address text not null,
  at double precision not null -- by the database's clock
);
create index sign_in_attempt_of_account on sign_in_attempt (account, at);
create index sign_in_attempt_of_address on sign_in_attempt (address, at);
create index sign_in_attempt_in_order on sign_in_attempt (at);

create table recovery_code (
  person_id text collate "C" not null references person (id) on delete cascade,
  digest bytea not null, -- SHA-256 of the code, which is written nowhere
  primary key (person_id, digest)
);

create table passkey (
  id bytea primary key, -- the credential's, as the authenticator chose it
  person_id text collate "C" not null references person (id) on delete cascade,
  public_key bytea not null,
  sign_count bigint not null,
  name text not null,
  created_at double precision not null,
  last_used double precision
);
create index passkey_of on passkey (person_id, created_at);

create table passkey_challenge (
  digest bytea primary key, -- SHA-256 of the challenge
  person_id text, -- whose passkey is being set up; null: somebody signs in
  expires_at double precision not null -- by the database's clock
);

create table account (
  person_id text primary key references person (id) on delete cascade,
  email text not null unique, -- as it is compared: see `compared`
  password text, -- as argon2id writes it; null until one is set
  totp_secret bytea,
  totp_proposed bytea, -- until a code shows that an app has it
  totp_step bigint not null default 0 -- the last one that was used
);

create table account_link (
  digest bytea primary key, -- SHA-256 of the secret in the link, which is written nowhere
  kind text not null,
  person_id text references person (id) on delete cascade, -- whose; null: somebody new's
  email text not null,
  name text not null,
  is_operator boolean not null,
  created_at double precision not null,
  expires_at double precision not null
);

create table sign_in_attempt (
  id bigint generated always as identity primary key,
  account bytea not null, -- SHA-256 of the e-mail that was given, whether there is such an account or not
  address text not null,
  at double precision not null
);

create index sign_in_attempt_of_account on sign_in_attempt (account, at);
create index sign_in_attempt_of_address on sign_in_attempt (address, at);
create index sign_in_attempt_in_order on sign_in_attempt (at);

create table account (
  person_id text primary key references person (id) on delete cascade,
  email text not null unique, -- as it is compared: see `compared`
  password text, -- as argon2id writes it; null until one is set
  totp_secret blob,
  totp_proposed blob, -- until a code shows that an app has it
  totp_step integer not null default 0 -- the last one that was used
) without rowid;

create table account_link (
  digest blob primary key, -- SHA-256 of the secret in the link, which is written nowhere
  kind text not null,
  person_id text references person (id) on delete cascade, -- whose; null: somebody new's
  email text not null,
  name text not null,
  is_operator integer not null,
  created_at real not null,
  expires_at real not null
) without rowid;

create table sign_in_attempt (
  id integer primary key,
  account blob not null, -- SHA-256 of the e-mail that was given, whether there is such an account or not
  address text not null,
  at real not null
);

create index sign_in_attempt_of_account on sign_in_attempt (account, at);
create index sign_in_attempt_of_address on sign_in_attempt (address, at);
create index sign_in_attempt_in_order on sign_in_attempt (at);

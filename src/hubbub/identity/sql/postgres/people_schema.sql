create table person (
  id text collate "C" primary key,
  name text not null,
  email text not null,
  is_operator boolean not null, -- made one here; who is one by a provider's word has that beside the provider
  is_active boolean not null,
  created_at double precision not null,
  last_signed_in double precision,
  email_key text not null default '', -- as it is compared: see `compared`
  is_email_verified boolean not null default false -- the provider's word, or an account's
);
create index person_in_order on person (created_at, id);
create index person_of_email on person (email_key) where email_key <> '';

create table person_subject (
  provider text collate "C" not null,
  subject text collate "C" not null,
  person_id text collate "C" not null references person (id) on delete cascade,
  groups text[] not null, -- as the provider last said
  is_operator boolean not null,
  primary key (provider, subject)
);
create index person_subject_of on person_subject (person_id);

create table sign_in (
  id text collate "C" primary key,
  digest bytea not null unique, -- SHA-256 of the cookie, which is written nowhere
  person_id text collate "C" not null references person (id) on delete cascade,
  provider text not null,
  provider_session text not null,
  address text not null,
  agent text not null,
  created_at double precision not null,
  last_used double precision not null,
  ended_at double precision
);
create index sign_in_of on sign_in (person_id);
create index sign_in_of_session on sign_in (provider, provider_session) where ended_at is null;

create table id_token (
  sign_in_id text collate "C" primary key references sign_in (id) on delete cascade,
  sealed text not null -- with a key that is made of the sign-in's cookie, which is written nowhere
);

create table people_revision (
  id integer primary key check (id = 1),
  revision bigint not null
);
insert into people_revision (id, revision) values (1, 0);

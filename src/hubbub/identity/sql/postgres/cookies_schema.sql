create table cookie_key (
  id integer primary key check (id = 1),
  secret bytea not null,
  created_at double precision not null
);

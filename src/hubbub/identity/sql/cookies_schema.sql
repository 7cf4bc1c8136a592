create table cookie_key (
  id integer primary key check (id = 1),
  secret blob not null,
  created_at real not null
);

create table session (
  owner_id text not null,
  id text not null, -- the page's own
  title text not null,
  saved_at integer not null, -- milliseconds
  size_bytes integer not null,
  content blob not null,
  primary key (owner_id, id)
); -- with rowids: contents are large, and lists shall not read through them

create index session_of_owner on session (owner_id, saved_at desc, id desc, title, size_bytes);

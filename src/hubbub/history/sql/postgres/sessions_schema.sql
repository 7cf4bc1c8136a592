create table session (
  owner_id text collate "C" not null,
  id text collate "C" not null, -- the page's own
  title text not null,
  saved_at bigint not null, -- milliseconds
  size_bytes bigint not null,
  content bytea not null,
  primary key (owner_id, id)
);
create index session_of_owner on session (owner_id, saved_at desc, id desc);

create table chat_link (
  id text collate "C" primary key,
  digest bytea not null unique, -- SHA-256 of the secret in the link, which is written nowhere
  chat_id text collate "C" not null references chat (id) on delete cascade,
  owner_id text not null,
  owner_name text not null, -- empty: it is not shown
  audience text not null,
  subjects text[] not null, -- for whom it is, where it is for some
  created_at double precision not null,
  expires_at double precision,
  ended_at double precision,
  follows boolean not null,
  content bytea -- the chat as it was, as JSON, where the link does not follow it
);
create index chat_link_of_owner on chat_link (owner_id, created_at);
create index chat_link_of_chat on chat_link (chat_id);
create index chat_link_of_subject on chat_link using gin (subjects);

create table chat (
  id text primary key,
  owner_id text not null,
  title text not null,
  created_at real not null,
  updated_at real not null
) without rowid;

create index chat_of_owner on chat (owner_id, updated_at desc);

create table message (
  id text primary key,
  chat_id text not null references chat (id) on delete cascade,
  parent_id text references message (id),
  role text not null,
  text text not null,
  created_at real not null,
  model text not null,
  collections text not null -- a JSON list of ids
) without rowid;

create index message_of_chat on message (chat_id, created_at);
create index message_of_parent on message (parent_id);

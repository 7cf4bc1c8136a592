-- With rowids: without, SQLite reads a row to its end to compare its key, and a chat as it was may be long.
create table chat_link_by_rowid (
  id text primary key not null,
  digest blob not null unique, -- SHA-256 of the secret in the link, which is written nowhere
  chat_id text not null references chat (id) on delete cascade,
  owner_id text not null,
  owner_name text not null, -- empty: it is not shown
  audience text not null,
  subjects text not null, -- JSON: for whom it is, where it is for some
  created_at real not null,
  expires_at real,
  ended_at real,
  follows integer not null,
  content blob -- the chat as it was, as JSON, where the link does not follow it
);

insert into chat_link_by_rowid (
  id, digest, chat_id, owner_id, owner_name, audience, subjects, created_at, expires_at, ended_at, follows, content
)
select
  id, digest, chat_id, owner_id, owner_name, audience, subjects, created_at, expires_at, ended_at, follows, content
from chat_link order by id;

drop table chat_link;
alter table chat_link_by_rowid rename to chat_link;

create index chat_link_of_owner on chat_link (owner_id, created_at);
create index chat_link_of_chat on chat_link (chat_id);

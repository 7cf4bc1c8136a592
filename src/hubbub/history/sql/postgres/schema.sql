create table chat (
  id text collate "C" primary key,
  owner_id text not null,
  title text not null,
  created_at double precision not null,
  updated_at double precision not null
);
create index chat_of_owner on chat (owner_id, updated_at desc, id desc);

create table message (
  id text collate "C" primary key,
  chat_id text collate "C" not null references chat (id) on delete cascade,
  parent_id text collate "C" references message (id),
  role text not null,
  text text not null,
  created_at double precision not null,
  model text not null,
  collections text not null, -- a JSON list of ids
  fingerprint text -- of the request, where its sender may repeat it
);
create index message_of_chat on message (chat_id, created_at);
create index message_of_parent on message (parent_id);

-- What is searched: titles, questions and the ends of answers. The texts themselves stand where they always did.
create table searched (
  row bigint generated always as identity primary key, -- grows with time: the newest is found first
  id text collate "C" not null unique, -- of the message; of the chat, where it is its title
  chat_id text collate "C" not null references chat (id) on delete cascade,
  owner_id text not null,
  words tsvector not null -- the person as one word, and the words of the text: cut by Hubbub, not by PostgreSQL
);
create index searched_of_chat on searched (chat_id);
create index searched_words on searched using gin (words);

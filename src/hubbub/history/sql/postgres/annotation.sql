create table annotation (
  chat_id text collate "C" primary key references chat (id) on delete cascade,
  content bytea not null -- in a form of whoever wrote it
);

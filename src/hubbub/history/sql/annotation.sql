create table annotation (
  chat_id text primary key references chat (id) on delete cascade,
  content blob not null -- in a form of whoever wrote it
) without rowid;

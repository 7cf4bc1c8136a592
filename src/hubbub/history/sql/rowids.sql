-- With rowids: without, SQLite reads a row to its end to compare its key, and people paste long texts.
create table message_by_rowid (
  id text primary key not null,
  chat_id text not null references chat (id) on delete cascade,
  parent_id text references message_by_rowid (id),
  role text not null,
  created_at real not null,
  model text not null,
  collections text not null, -- a JSON list of ids
  asked_with text not null default '', -- JSON
  fingerprint text, -- of the request, where its sender may repeat it
  text text not null
);

insert into message_by_rowid (
  id, chat_id, parent_id, role, created_at, model, collections, asked_with, fingerprint, text
)
select id, chat_id, parent_id, role, created_at, model, collections, asked_with, fingerprint, text
from message order by id;

drop table message;
alter table message_by_rowid rename to message;

create index message_of_chat on message (chat_id, created_at);
create index message_of_parent on message (parent_id);

create table annotation_by_rowid (
  chat_id text primary key not null references chat (id) on delete cascade,
  content blob not null -- in a form of whoever wrote it
);

insert into annotation_by_rowid (chat_id, content) select chat_id, content from annotation order by chat_id;
drop table annotation;
alter table annotation_by_rowid rename to annotation;

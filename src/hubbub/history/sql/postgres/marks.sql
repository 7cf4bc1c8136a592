-- What a person does with a chat besides talking: where it is kept, and how questions in it are asked.
alter table chat add column is_pinned boolean not null default false;
alter table chat add column is_archived boolean not null default false;
alter table chat add column folder text not null default '';
alter table chat add column is_temporary boolean not null default false;
alter table chat add column files_id text not null default ''; -- a collection of the library
alter table chat add column instructions text not null default '';
create index chat_of_files on chat (files_id) where files_id <> '';
create index chat_in_folder on chat (owner_id, folder) where folder <> '';
create index chat_pinned on chat (owner_id) where is_pinned;
create index chat_temporary on chat (updated_at) where is_temporary;

alter table message add column asked_with text not null default ''; -- JSON

-- What people keep beside their messages: pictures, ratings, prompts. A record of a chat goes with it.
create table record (
  kind text not null,
  id text collate "C" not null,
  owner_id text not null,
  chat_id text collate "C" references chat (id) on delete cascade,
  updated_at double precision not null,
  about text not null, -- JSON
  data bytea,
  primary key (kind, id)
);
create index record_of_owner on record (kind, owner_id, updated_at desc, id desc);
create index record_of_chat on record (chat_id) where chat_id is not null;

-- The assistant that the questions of a chat go to; empty: none.
alter table chat add column assistant_id text not null default '';

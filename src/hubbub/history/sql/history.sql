-- name: create_chat
insert into chat (
  id, owner_id, title, created_at, updated_at, is_pinned, is_archived, folder, is_temporary, files_id, instructions,
  assistant_id
)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing

-- name: chats
select
  id, owner_id, title, created_at, updated_at, is_pinned, is_archived, folder, is_temporary, files_id, instructions,
  assistant_id
from chat
where owner_id = ?1 and is_temporary = 0 and (updated_at < ?2 or (updated_at = ?2 and id < ?3))
  and (?4 = 'any' or is_archived = (?4 = 'archived'))
  and (?4 <> 'pinned' or is_pinned = 1)
  and (?5 is null or folder = ?5)
order by updated_at desc, id desc limit ?6

-- name: chat
select
  id, owner_id, title, created_at, updated_at, is_pinned, is_archived, folder, is_temporary, files_id, instructions,
  assistant_id
from chat where id = ?

-- name: change_chat
update chat set
  is_pinned = coalesce(?2, is_pinned),
  is_archived = coalesce(?3, is_archived),
  folder = coalesce(?4, folder),
  files_id = coalesce(?5, files_id),
  instructions = coalesce(?6, instructions),
  assistant_id = coalesce(?7, assistant_id)
where id = ?1

-- name: folders
select folder, count(*) from chat where owner_id = ? and folder <> '' and is_temporary = 0
group by folder order by folder collate nocase, folder

-- name: rename_folder
update chat set folder = ?3 where owner_id = ?1 and folder = ?2 and folder <> ''

-- name: chat_of_files
select id from chat where files_id = ? and files_id <> ''

-- name: temporary
select id from chat
where is_temporary = 1 and updated_at < ? and owner_id not in (select value from json_each(?)) order by updated_at limit 500

-- name: take_pictures
update record set chat_id = ?1
where kind = 'picture' and chat_id is null and id in (select value from json_each(?2))

-- name: rename
update chat set title = ? where id = ?

-- name: answers_of_chat
select id from message where chat_id = ? and role = 'assistant'

-- name: delete_messages
delete from message where chat_id = ?

-- name: delete_chat
delete from chat where id = ?

-- name: touch
update chat set updated_at = max(updated_at, ?) where id = ?

-- name: is_in_chat
select 1 from message where id = ? and chat_id = ?

-- name: add
insert into message (id, chat_id, parent_id, role, text, created_at, model, collections, asked_with, fingerprint)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing

-- name: message
select id, chat_id, parent_id, role, text, created_at, model, collections, asked_with from message where id = ?

-- name: fingerprint
select fingerprint from message where id = ?

-- name: messages
select id, chat_id, parent_id, role, text, created_at, model, collections, asked_with from message where chat_id = ?
order by created_at, role desc, id -- ids can come from a page, whose clock is its own

-- name: searched
insert into searched (row, id, chat_id, owner_id) values (?, ?, ?, ?)

-- name: rows_of
select id, row from searched where id in (select value from json_each(?))

-- name: last_row
select coalesce(max(seq), 0) from sqlite_sequence where name = 'searched'

-- name: add_words
insert into searched_words (rowid, owner, text) values (?, ?, ?)

-- name: delete_words
delete from searched_words where rowid in (select row from searched where id = ?)

-- name: delete_searched
delete from searched where id = ?

-- name: delete_words_of_chat
delete from searched_words where rowid in (select row from searched where chat_id = ?)

-- name: delete_searched_of_chat
delete from searched where chat_id = ?

-- name: find
select row, id, chat_id from searched_words join searched on row = searched_words.rowid
where searched_words match ? and owner_id = ? and searched_words.rowid < ? order by searched_words.rowid desc limit ?

-- name: note
insert into noted (id) values (?)

-- name: note_message
insert into noted (text, id) select ?, id from message where id = ?

-- name: has_noted
select 1 from noted limit 1

-- name: noted
select
  place, noted.id, noted.text, chat.id, role, message.text, title,
  case when is_temporary then null else owner_id end -- whose words are found nowhere
from noted left join message on message.id = noted.id
left join chat on chat.id = coalesce(message.chat_id, noted.id) order by place limit ?

-- name: taken_in
delete from noted where place <= ?

-- name: has_answers
select 1 from sqlite_schema where name = 'answer'

-- name: said
select json_extract(result, '$.text') from answer where id = ? and result is not null

-- name: unused_since
select
  id, owner_id, title, created_at, updated_at, is_pinned, is_archived, folder, is_temporary, files_id, instructions,
  assistant_id
from chat
where updated_at < ? and owner_id not in (select value from json_each(?)) order by updated_at, id limit ?

-- name: all_chats
select
  id, owner_id, title, created_at, updated_at, is_pinned, is_archived, folder, is_temporary, files_id, instructions,
  assistant_id
from chat where owner_id = ? and id > ? order by id limit ?

-- name: annotation
select content from annotation where chat_id = ?

-- name: annotate
insert into annotation (chat_id, content) select id, ?2 from chat where id = ?1
on conflict (chat_id) do update set content = excluded.content

-- name: merge_words
insert into searched_words (searched_words, rank) values ('merge', ?)

-- name: create_chat
insert into chat (
  id, owner_id, title, created_at, updated_at, is_pinned, is_archived, folder, is_temporary, files_id, instructions,
  assistant_id
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing

-- name: chats
select
  id, owner_id, title, created_at, updated_at, is_pinned, is_archived, folder, is_temporary, files_id, instructions,
  assistant_id
from chat
where owner_id = $1 and not is_temporary and (updated_at, id) < ($2, $3)
  and ($4::text = 'any' or is_archived = ($4 = 'archived'))
  and ($4 <> 'pinned' or is_pinned)
  and ($5::text is null or folder = $5)
order by updated_at desc, id desc limit $6

-- name: chat
select
  id, owner_id, title, created_at, updated_at, is_pinned, is_archived, folder, is_temporary, files_id, instructions,
  assistant_id
from chat where id = $1

-- name: change_chat
update chat set
  is_pinned = coalesce($2, is_pinned),
  is_archived = coalesce($3, is_archived),
  folder = coalesce($4, folder),
  files_id = coalesce($5, files_id),
  instructions = coalesce($6, instructions),
  assistant_id = coalesce($7, assistant_id)
where id = $1

-- name: folders
select folder, count(*) from chat where owner_id = $1 and folder <> '' and not is_temporary
group by folder order by lower(folder), folder

-- name: rename_folder
update chat set folder = $3 where owner_id = $1 and folder = $2 and folder <> ''

-- name: chat_of_files
select id from chat where files_id = $1 and files_id <> ''

-- name: temporary
select id from chat where is_temporary and updated_at < $1 and owner_id <> all($2::text[]) order by updated_at limit 500

-- name: take_pictures
update record set chat_id = $1 where kind = 'picture' and chat_id is null and id = any($2::text[])

-- name: rename
update chat set title = $1 where id = $2 returning owner_id

-- name: answers_of_chat
select id from message where chat_id = $1 and role = 'assistant' order by created_at, id

-- name: delete_chat
delete from chat where id = $1

-- name: touch
update chat set updated_at = greatest(updated_at, $1) where id = $2 returning case when is_temporary then null else owner_id end

-- name: is_in_chat
select 1 from message where id = $1 and chat_id = $2

-- name: add
insert into message (id, chat_id, parent_id, role, text, created_at, model, collections, asked_with, fingerprint)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing

-- name: message
select id, chat_id, parent_id, role, text, created_at, model, collections, asked_with from message where id = $1

-- name: fingerprint
select fingerprint from message where id = $1

-- name: messages
select id, chat_id, parent_id, role, text, created_at, model, collections, asked_with from message where chat_id = $1
order by created_at, role desc, id -- ids can come from a page, whose clock is its own

-- name: index
insert into searched (id, chat_id, owner_id, words) values ($1, $2, $3, $4::text::tsvector)
on conflict (id) do update set words = excluded.words

-- name: owner_of_message
select chat.id, chat.owner_id from message join chat on chat.id = message.chat_id where message.id = $1 and not is_temporary

-- name: find
select row, id, chat_id from searched
where words @@ $1::text::tsquery and owner_id = $2 and row < $3 order by row desc limit $4

-- name: annotation
select content from annotation where chat_id = $1

-- name: annotate
insert into annotation (chat_id, content) select id, $2 from chat where id = $1
on conflict (chat_id) do update set content = excluded.content

-- name: unused_since
select
  id, owner_id, title, created_at, updated_at, is_pinned, is_archived, folder, is_temporary, files_id, instructions,
  assistant_id
from chat where updated_at < $1 and not owner_id = any($2::text[]) order by updated_at, id limit $3

-- name: all_chats
select
  id, owner_id, title, created_at, updated_at, is_pinned, is_archived, folder, is_temporary, files_id, instructions,
  assistant_id
from chat where owner_id = $1 and id > $2 order by id limit $3

-- name: create_chat
insert into chat (id, owner_id, title, created_at, updated_at) values ($1, $2, $3, $4, $5) on conflict do nothing

-- name: chats
select id, owner_id, title, created_at, updated_at from chat
where owner_id = $1 order by updated_at desc, id desc limit $2

-- name: chats_after
select id, owner_id, title, created_at, updated_at from chat
where owner_id = $1 and (updated_at, id) < ($2, $3) order by updated_at desc, id desc limit $4

-- name: chat
select id, owner_id, title, created_at, updated_at from chat where id = $1

-- name: rename
update chat set title = $1 where id = $2 returning owner_id

-- name: answers_of_chat
select id from message where chat_id = $1 and role = 'assistant' order by created_at, id

-- name: delete_chat
delete from chat where id = $1

-- name: touch
update chat set updated_at = greatest(updated_at, $1) where id = $2 returning owner_id

-- name: is_in_chat
select 1 from message where id = $1 and chat_id = $2

-- name: add
insert into message (id, chat_id, parent_id, role, text, created_at, model, collections, fingerprint)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing

-- name: message
select id, chat_id, parent_id, role, text, created_at, model, collections from message where id = $1

-- name: fingerprint
select fingerprint from message where id = $1

-- name: messages
select id, chat_id, parent_id, role, text, created_at, model, collections from message where chat_id = $1
order by created_at, role desc, id -- ids can come from a page, whose clock is its own

-- name: index
insert into searched (id, chat_id, owner_id, words) values ($1, $2, $3, $4::text::tsvector)
on conflict (id) do update set words = excluded.words

-- name: owner_of_message
select chat.id, chat.owner_id from message join chat on chat.id = message.chat_id where message.id = $1

-- name: find
select row, id, chat_id from searched
where words @@ $1::text::tsquery and owner_id = $2 and row < $3 order by row desc limit $4

-- name: annotation
select content from annotation where chat_id = $1

-- name: annotate
insert into annotation (chat_id, content) select id, $2 from chat where id = $1
on conflict (chat_id) do update set content = excluded.content

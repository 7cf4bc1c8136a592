-- name: create_chat
insert into chat (id, owner_id, title, created_at, updated_at) values (?, ?, ?, ?, ?) on conflict do nothing

-- name: chats
select id, owner_id, title, created_at, updated_at from chat where owner_id = ? order by updated_at desc, id desc limit ?

-- name: chat
select id, owner_id, title, created_at, updated_at from chat where id = ?

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
insert into message (id, chat_id, parent_id, role, text, created_at, model, collections, fingerprint)
values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing

-- name: message
select id, chat_id, parent_id, role, text, created_at, model, collections from message where id = ?

-- name: fingerprint
select fingerprint from message where id = ?

-- name: messages
select id, chat_id, parent_id, role, text, created_at, model, collections from message where chat_id = ?
order by created_at, role desc, id -- ids can come from a page, whose clock is its own

-- name: is_writing
select 1 from answer where result is null and owner_id = $1 limit 1

-- name: give
update answer set owner_id = $2 where owner_id = $1 and id in (
  select message.id from chat join message on message.chat_id = chat.id
  where chat.owner_id = $1 and role = 'assistant'
  union all
  select id from answer where expires_at is not null and owner_id = $1 -- those apart from chats all expire
)

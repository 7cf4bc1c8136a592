-- name: is_writing
select 1 from answer where result is null and owner_id = ? limit 1

-- name: give
update answer set owner_id = :taker where owner_id = :giver and id in (
  select message.id from chat join message on message.chat_id = chat.id
  where chat.owner_id = :giver and role = 'assistant'
  union all
  select id from answer where expires_at is not null and owner_id = :giver -- those apart from chats all expire
)

-- name: add
insert into chat_link
  (id, digest, chat_id, owner_id, owner_name, audience, subjects, created_at, expires_at, follows, content)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: find
select id, chat_id, owner_id, owner_name, audience, subjects, created_at, expires_at, ended_at, follows
from chat_link where digest = ?

-- name: content
select content from chat_link where id = ?

-- name: of
select link.id, chat_id, link.owner_id, owner_name, audience, subjects, link.created_at, expires_at, ended_at, follows,
  title
from chat_link as link join chat on chat.id = chat_id
where (:owner is null or link.owner_id = :owner) and ended_at is null and (expires_at is null or expires_at > :now)
order by link.created_at desc, link.id

-- name: end
update chat_link set ended_at = ?, content = null where id = ? and ended_at is null

-- name: give
update chat_link set owner_id = :taker where owner_id = :giver

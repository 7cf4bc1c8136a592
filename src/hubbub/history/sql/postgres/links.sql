-- name: add
insert into chat_link
  (id, digest, chat_id, owner_id, owner_name, audience, subjects, created_at, expires_at, follows, content)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)

-- name: find
select id, chat_id, owner_id, owner_name, audience, subjects, created_at, expires_at, ended_at, follows
from chat_link where digest = $1

-- name: content
select content from chat_link where id = $1

-- name: of
select link.id, chat_id, link.owner_id, owner_name, audience, subjects, link.created_at, expires_at, ended_at, follows,
  title
from chat_link as link join chat on chat.id = chat_id
where ($1::text is null or link.owner_id = $1) and ended_at is null
  and (expires_at is null or expires_at > $2::double precision)
order by link.created_at desc, link.id

-- name: end
update chat_link set ended_at = $1, content = null where id = $2 and ended_at is null

-- name: give
update chat_link set owner_id = $2 where owner_id = $1

-- name: all_of
select id, chat_id, owner_id, owner_name, audience, subjects, created_at, expires_at, ended_at, follows
from chat_link where owner_id = $1 order by created_at desc, id

-- name: forget_owner
delete from chat_link where owner_id = $1

-- name: forget_subject
update chat_link set subjects = array_remove(subjects, $1) where subjects @> array[$1]

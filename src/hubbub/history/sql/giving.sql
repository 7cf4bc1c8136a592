-- name: count_chats
select count(*) from chat where owner_id = ?

-- name: note
insert into noted (id)
select id from (
  select chat.id, chat.created_at as at from chat where owner_id = :owner
  union all
  select message.id, message.created_at from message join chat on chat.id = chat_id where owner_id = :owner
) order by at

-- name: give_searched
update searched set owner_id = :taker where owner_id = :giver

-- name: give_chats
update chat set owner_id = :taker where owner_id = :giver

-- name: count_sessions
select count(*) from session where owner_id = ?

-- name: drop_older
delete from session where owner_id = :taker and exists (
  select 1 from session as given where given.owner_id = :giver and given.id = session.id
  and given.saved_at > session.saved_at
)

-- name: give_sessions
update or ignore session set owner_id = :taker where owner_id = :giver

-- name: drop_left
delete from session where owner_id = :giver

-- name: give_records
-- What there is once for each person has that person's id; who takes keeps theirs.
update or ignore record set owner_id = :taker, id = case id when :giver then :taker else id end where owner_id = :giver

-- name: drop_left_records
delete from record where owner_id = :giver

-- name: lock_chats
-- Whoever writes into one of them has come to an end, or comes afterwards.
select 1 from chat where owner_id = $1 order by id for update

-- name: count_chats
select count(*) from chat where owner_id = $1

-- name: give_searched
-- The words of each text hold its owner as one of them.
update searched set owner_id = $2, words = $4::text::tsvector || ts_delete(words, $3::text) where owner_id = $1

-- name: give_chats
update chat set owner_id = $2 where owner_id = $1

-- name: count_sessions
select count(*) from session where owner_id = $1

-- name: drop_older
delete from session where owner_id = $2 and exists (
  select 1 from session as given where given.owner_id = $1 and given.id = session.id and given.saved_at > session.saved_at
)

-- name: give_sessions
update session set owner_id = $2 where owner_id = $1 and not exists (
  select 1 from session as own where own.owner_id = $2 and own.id = session.id
)

-- name: drop_left
delete from session where owner_id = $1

-- name: give_records
-- What there is once for each person has that person's id; who takes keeps theirs.
update record set owner_id = $2, id = case id when $1 then $2 else id end where owner_id = $1 and (
  id <> $1 or not exists (select 1 from record as own where own.kind = record.kind and own.id = $2)
)

-- name: drop_left_records
delete from record where owner_id = $1

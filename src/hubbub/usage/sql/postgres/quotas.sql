-- name: revision
select revision from quota_revision

-- name: next_revision
-- Before all else of a change: whoever changes something waits for who does already.
update quota_revision set revision = revision + 1

-- name: all
select scope, subject, texts, set_by, set_at from quota order by scope, subject

-- name: find
select scope, subject, texts, set_by, set_at from quota where scope = $1 and subject = $2

-- name: put
insert into quota (scope, subject, texts, set_by, set_at) values ($1, $2, $3, $4, $5)
on conflict (scope, subject) do update set texts = excluded.texts, set_by = excluded.set_by, set_at = excluded.set_at

-- name: remove
delete from quota where scope = $1 and subject = $2

-- name: forget_setter
update quota set set_by = '' where set_by = $1

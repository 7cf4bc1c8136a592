-- name: revision
select revision from quota_revision

-- name: next_revision
update quota_revision set revision = revision + 1

-- name: all
select scope, subject, texts, set_by, set_at from quota order by scope, subject

-- name: find
select scope, subject, texts, set_by, set_at from quota where scope = ? and subject = ?

-- name: put
insert into quota (scope, subject, texts, set_by, set_at) values (?, ?, ?, ?, ?)
on conflict (scope, subject) do update set texts = excluded.texts, set_by = excluded.set_by, set_at = excluded.set_at

-- name: remove
delete from quota where scope = ? and subject = ?

-- name: forget_setter
update quota set set_by = '' where set_by = ?

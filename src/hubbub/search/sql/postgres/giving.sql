-- Give what somebody keeps in the library to somebody else.

-- name: collections
select id, name from collection where owner_id = $1 order by created_at, id

-- name: count_documents
select count(*) from document join collection on collection.id = collection_id where owner_id = $1

-- name: names
select name from collection where owner_id = $1

-- name: give_collection
update collection set owner_id = $1, name = $2 where id = $3

-- name: charged_bytes
select coalesce(sum(greatest(size_bytes, 4096)), 0)::bigint from document join collection on collection.id = collection_id
where owner_id = $1 and payer = $2 and is_kept

-- name: charge_collection
update document set payer = $2 where payer = $1 and collection_id = $3

-- name: give_payer
update document set payer = $2 where payer = $1

-- name: give_permissions
insert into permission (collection_id, subject, level)
select collection_id, $2, level from permission where subject = $1
on conflict (collection_id, subject) do update set level = greatest(permission.level, excluded.level)

-- name: drop_permissions
delete from permission where subject = $1

-- name: give_readings
insert into document_reader (document_id, subject)
select document_id, $2 from document_reader where subject = $1
on conflict do nothing

-- name: drop_readings
delete from document_reader where subject = $1

-- name: give_memberships
insert into group_member (group_subject, person_subject, is_manager)
select group_subject, $2, is_manager from group_member where person_subject = $1
on conflict (group_subject, person_subject) do update set is_manager = group_member.is_manager or excluded.is_manager

-- name: drop_memberships
delete from group_member where person_subject = $1

-- name: note_change
update rights_revision set number = number + 1

-- name: given
select collection_id, level from permission where subject = $1 order by collection_id

-- name: paid
select id from document where payer = $1 order by added_at, id

-- name: forget_payer
update document set payer = '' where payer = $1

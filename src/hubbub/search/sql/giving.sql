-- Give what somebody keeps in the library to somebody else.

-- name: collections
select id, name from collection where owner_id = :owner order by created_at, id;

-- name: count_documents
select count(*) from document join collection on collection.id = collection_id where owner_id = :owner;

-- name: names
select name from collection where owner_id = :owner;

-- name: give_collection
update collection set owner_id = :taker, name = :name where id = :id;

-- name: charged_bytes
select coalesce(sum(max(size_bytes, 4096)), 0) from document join collection on collection.id = collection_id
where owner_id = :owner and payer = 'person:' || :owner and is_kept = 1;

-- name: charge_collection
update document set payer = 'person:' || :taker where payer = 'person:' || :giver and collection_id = :id;

-- name: give_payer
update document set payer = 'person:' || :taker where payer = 'person:' || :giver;

-- name: give_permissions
insert into permission (collection_id, subject, level)
select collection_id, 'person:' || :taker, level from permission where subject = 'person:' || :giver
on conflict do update set level = max(level, excluded.level);

-- name: drop_permissions
delete from permission where subject = 'person:' || :giver;

-- name: give_readings
insert into document_reader (document_id, subject)
select document_id, 'person:' || :taker from document_reader where subject = 'person:' || :giver
on conflict do nothing;

-- name: drop_readings
delete from document_reader where subject = 'person:' || :giver;

-- name: give_memberships
insert into group_member (group_subject, person_subject, is_manager)
select group_subject, 'person:' || :taker, is_manager from group_member where person_subject = 'person:' || :giver
on conflict do update set is_manager = max(is_manager, excluded.is_manager);

-- name: drop_memberships
delete from group_member where person_subject = 'person:' || :giver;

-- name: note_change
update rights_revision set number = number + 1;

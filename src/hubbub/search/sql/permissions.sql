-- Who may do what with collections, and the groups that permissions name. The tables are the library's.

-- name: of
select subject, level from permission where collection_id = :collection_id order by subject;

-- name: drop_of
delete from permission where collection_id = :collection_id;

-- name: put
insert into permission (collection_id, subject, level) values (:collection_id, :subject, :level)
on conflict do update set level = :level;

-- name: drop
delete from permission where subject = :subject;

-- name: drop_reader
delete from document_reader where subject = :subject;

-- name: unscoped
select name, substr(subject, 10) from permission join collection on collection.id = collection_id
where subject like 'unscoped:%' order by name, subject;

-- name: scope
update or ignore permission set subject = 'claim:' || :scope || substr(subject, 10) where subject like 'unscoped:%';

-- name: drop_unscoped
delete from permission where subject like 'unscoped:%';

-- name: revision
select number from rights_revision;

-- name: groups
select id, name, created_at, (select count(*) from group_member where group_subject = 'group:' || id),
    coalesce((
        select is_manager from group_member where group_subject = 'group:' || id and person_subject = :person
    ), 0)
from people_group
where (:id is null or id = :id)
    and (:of is null or 'group:' || id in (select group_subject from group_member where person_subject = :of))
order by name collate nocase, id;

-- name: has_group_named
select 1 from people_group where name = :name;

-- name: has_group
select 1 from people_group where id = :id;

-- name: insert_group
insert into people_group (id, name, created_at) values (:id, :name, :created_at);

-- name: delete_group
delete from people_group where id = :id;

-- name: delete_members
delete from group_member where group_subject = :subject;

-- name: members
select person_subject, is_manager from group_member where group_subject = :subject order by person_subject;

-- name: put_member
insert into group_member (group_subject, person_subject, is_manager) values (:subject, :person, :is_manager)
on conflict do update set is_manager = :is_manager;

-- name: remove_member
delete from group_member where group_subject = :subject and person_subject = :person;

-- name: drop_memberships
delete from group_member where person_subject = :person;

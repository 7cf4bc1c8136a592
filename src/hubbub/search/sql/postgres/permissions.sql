-- Who may do what with collections, and the groups that permissions name. The tables are the library's.

-- name: of
select subject, level from permission where collection_id = $1 order by subject;

-- name: drop_of
delete from permission where collection_id = $1;

-- name: put
insert into permission (collection_id, subject, level)
select $1, * from unnest($2::text[], $3::integer[]);

-- name: drop
delete from permission where subject = $1;

-- name: drop_reader
delete from document_reader where subject = $1;

-- name: revision
select number from rights_revision;

-- name: groups
select id, name, created_at, (select count(*) from group_member where group_subject = 'group:' || id),
    coalesce((select is_manager from group_member where group_subject = 'group:' || id and person_subject = $3), false)
from people_group
where ($1::text is null or id = $1)
    and ($2::text is null or 'group:' || id in (select group_subject from group_member where person_subject = $2))
order by lower(name), id;

-- name: has_group
select 1 from people_group where id = $1 for key share;

-- name: insert_group
insert into people_group (id, name, created_at) values ($1, $2, $3) on conflict do nothing;

-- name: delete_group
delete from people_group where id = $1;

-- name: delete_members
delete from group_member where group_subject = $1;

-- name: members
select person_subject, is_manager from group_member where group_subject = $1 order by person_subject;

-- name: put_member
insert into group_member (group_subject, person_subject, is_manager) values ($1, $2, $3)
on conflict (group_subject, person_subject) do update set is_manager = excluded.is_manager;

-- name: remove_member
delete from group_member where group_subject = $1 and person_subject = $2;

-- name: drop_memberships
delete from group_member where person_subject = $1;

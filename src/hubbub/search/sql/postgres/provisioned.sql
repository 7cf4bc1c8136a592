-- The groups that a provider's SCIM client keeps, among all groups. The others' tables are the library's.

-- name: create_tables
create table provisioned_group (
    group_id text primary key references people_group (id) on delete cascade,
    provider text not null,
    external_id text not null,
    changed_at double precision not null
);
create unique index provisioned_group_external on provisioned_group (provider, external_id) where external_id <> '';

-- name: shown
id, name, external_id, created_at, changed_at

-- name: find
select {shown} from people_group join provisioned_group on group_id = id where provider = $1 and id = $2

-- name: locked
select 1 from provisioned_group where provider = $1 and group_id = $2 for update

-- name: wanted
provider = $1 and ($2::text is null or id = $2) and ($3::text is null or lower(name) = lower($3))
and ($4::text is null or external_id = $4)
and ($5::text is null
    or 'group:' || id in (select group_subject from group_member where person_subject = 'person:' || $5))

-- name: count
select count(*) from people_group join provisioned_group on group_id = id where {wanted}

-- name: page
select {shown} from people_group join provisioned_group on group_id = id where {wanted}
order by created_at, id limit $6 offset $7

-- name: members
select substr(person_subject, 8) from group_member where group_subject = 'group:' || $1 order by person_subject

-- name: same_name
select 1 from people_group where lower(name) = lower($1) and id <> $2

-- name: same_external
select 1 from provisioned_group where provider = $1 and external_id = $2 and external_id <> '' and group_id <> $3

-- name: insert_group
insert into people_group (id, name, created_at) values ($1, $2, $3) on conflict do nothing

-- name: add
insert into provisioned_group (group_id, provider, external_id, changed_at) values ($1, $2, $3, $4)

-- name: rename
update people_group set name = $1 where id = $2

-- name: change
update provisioned_group set external_id = $1, changed_at = $2 where group_id = $3

-- name: put_members
insert into group_member (group_subject, person_subject, is_manager)
select 'group:' || $1, 'person:' || value, false from unnest($2::text[]) as value
on conflict do nothing

-- name: remove_members
delete from group_member
where group_subject = 'group:' || $1 and person_subject in (select 'person:' || value from unnest($2::text[]) as value)

-- name: drop_person
delete from group_member where person_subject = 'person:' || $2
and group_subject in (select 'group:' || group_id from provisioned_group where provider = $1)

-- name: shown
person_id, said, is_active, provisioned_person.created_at, changed_at

-- name: find
select {shown} from provisioned_person join person on person.id = person_id where provider = ?1 and person_id = ?2

-- name: wanted
provider = ?1 and (?2 is null or person_id = ?2) and (?3 is null or user_name_key = ?3)
and (?4 is null or external_id = ?4) and (?5 is null or display_name_key = ?5)

-- name: count
select count(*) from provisioned_person where {wanted}

-- name: page
select {shown} from provisioned_person join person on person.id = person_id where {wanted}
order by provisioned_person.created_at, person_id limit ?6 offset ?7

-- name: known
select person_id from provisioned_person
where provider = ?1 and person_id in (select value from json_each(?2))

-- name: subject
select person_id from person_subject where provider = ?1 and subject = ?2

-- name: same
select person_id from provisioned_person
where provider = ?1 and person_id <> ?2 and (user_name_key = ?3 or (?4 <> '' and external_id = ?4))

-- name: add
insert into provisioned_person
(provider, person_id, user_name_key, external_id, display_name_key, said, created_at, changed_at)
values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)

-- name: change
update provisioned_person
set user_name_key = ?3, external_id = ?4, display_name_key = ?5, said = ?6, changed_at = ?7
where provider = ?1 and person_id = ?2

-- name: rename
update person set name = ?1 where id = ?2 and name <> ?1

-- name: move_subject
update person_subject set subject = ?1 where provider = ?2 and subject = ?3 and person_id = ?4

-- name: drop
delete from provisioned_person where provider = ?1 and person_id = ?2

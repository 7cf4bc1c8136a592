-- name: subject
select person_id from person_subject where provider = ? and subject = ?

-- name: add
insert into person (id, name, email, is_operator, is_active, created_at) values (?, ?, ?, ?, 1, ?)

-- name: add_subject
insert into person_subject (provider, subject, person_id, groups, is_operator) values (?, ?, ?, ?, ?)

-- name: update
update person set name = ?, email = ? where id = ? and (name, email) is not (?, ?)

-- name: update_subject
update person_subject set groups = ?, is_operator = ?
where provider = ? and subject = ? and (groups, is_operator) is not (?, ?)

-- name: find
select id, name, email, person.is_operator or exists (
    select 1 from person_subject where person_id = person.id and is_operator
  ), is_active, created_at, last_signed_in, (
    select coalesce(json_group_array(provider order by provider), '[]') from person_subject where person_id = person.id
  ), (
    select coalesce(json_group_array(distinct value), '[]')
    from person_subject, json_each(groups) where person_id = person.id
  )
from person where id = ?

-- name: list
select id, name, email, person.is_operator or exists (
    select 1 from person_subject where person_id = person.id and is_operator
  ), is_active, created_at, last_signed_in, (
    select coalesce(json_group_array(provider order by provider), '[]') from person_subject where person_id = person.id
  ), (
    select coalesce(json_group_array(distinct value), '[]')
    from person_subject, json_each(groups) where person_id = person.id
  )
from person
where (created_at, id) > (coalesce((select created_at from person where id = :after), -1), :after)
order by created_at, id limit :limit

-- name: set_active
update person set is_active = ? where id = ?

-- name: set_operator
update person set is_operator = ? where id = ?

-- name: count_operators
select count(*) from person where is_active and (
  is_operator or exists (select 1 from person_subject where person_id = person.id and is_operator)
)

-- name: changed
update people_revision set revision = revision + 1

-- name: revision
select revision from people_revision

-- name: forget
delete from person where id = ?

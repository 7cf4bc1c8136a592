-- name: subject
select person_id from person_subject where provider = ? and subject = ?

-- name: add
insert into person (id, name, email, email_key, is_email_verified, is_operator, is_active, created_at)
values (?, ?, ?, ?, ?, ?, 1, ?)

-- name: holders
select id, is_active, is_email_verified or exists (
    select 1 from person_subject where person_id = person.id and provider = 'accounts'
  )
from person where email_key = ? and id <> ? order by created_at, id

-- name: take_email
update person set email = '', email_key = '' where id = ?

-- name: email_key
select email_key from person where id = ?

-- name: add_subject
insert into person_subject (provider, subject, person_id, groups, is_operator) values (?, ?, ?, ?, ?)

-- name: update
update person set name = ?1 where id = ?2 and name <> ?1 and ?1 <> ''

-- name: update_email
update person set email = ?1, email_key = ?2, is_email_verified = ?3
where id = ?4 and (email, is_email_verified) is not (?1, ?3)

-- name: update_subject
update person_subject set groups = ?1, is_operator = ?2
where provider = ?3 and subject = ?4 and (groups, is_operator) is not (?1, ?2)

-- name: find
select id, name, email, person.is_operator or exists (
    select 1 from person_subject where person_id = person.id and is_operator
  ), is_active, created_at, last_signed_in, (
    select coalesce(json_group_array(provider order by provider), '[]') from person_subject where person_id = person.id
  ), (
    select coalesce(json_group_array(distinct provider || '/' || value), '[]')
    from person_subject, json_each(groups) where person_id = person.id
  ), (
    select coalesce(json_group_array(provider || '/' || subject), '[]') from person_subject where person_id = person.id
  )
from person where id = ?

-- name: list
select id, name, email, person.is_operator or exists (
    select 1 from person_subject where person_id = person.id and is_operator
  ), is_active, created_at, last_signed_in, (
    select coalesce(json_group_array(provider order by provider), '[]') from person_subject where person_id = person.id
  ), (
    select coalesce(json_group_array(distinct provider || '/' || value), '[]')
    from person_subject, json_each(groups) where person_id = person.id
  ), (
    select coalesce(json_group_array(provider || '/' || subject), '[]') from person_subject where person_id = person.id
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

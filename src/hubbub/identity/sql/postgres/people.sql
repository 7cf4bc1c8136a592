-- name: lock_subject
select pg_advisory_xact_lock(hashtextextended($1 || chr(1) || $2, 11))

-- name: subject
select person_id from person_subject where provider = $1 and subject = $2

-- name: add
insert into person (id, name, email, is_operator, is_active, created_at) values ($1, $2, $3, $4, true, $5)

-- name: add_subject
insert into person_subject (provider, subject, person_id, groups, is_operator) values ($1, $2, $3, $4, $5)

-- name: update
update person set name = $1, email = $2 where id = $3 and (name, email) is distinct from ($1, $2)

-- name: update_subject
update person_subject set groups = $1::text[], is_operator = $2::boolean
where provider = $3 and subject = $4 and (groups, is_operator) is distinct from ($1::text[], $2::boolean)

-- name: described
select id, name, email, person.is_operator or exists (
    select 1 from person_subject where person_id = person.id and is_operator
  ), is_active, created_at, last_signed_in, array(
    select provider from person_subject where person_id = person.id order by provider
  ), array(
    select distinct unnest(groups) from person_subject where person_id = person.id
  )
from person

-- name: find
{described} where id = $1

-- name: list
{described}
where (created_at, id) > (coalesce((select created_at from person where id = $1), -1), $1)
order by created_at, id limit $2

-- name: set_active
update person set is_active = $1 where id = $2

-- name: set_operator
update person set is_operator = $1 where id = $2

-- name: count_operators
select count(*) from person where is_active and (
  is_operator or exists (select 1 from person_subject where person_id = person.id and is_operator)
)

-- name: changed
update people_revision set revision = revision + 1

-- name: revision
select revision from people_revision

-- name: lock
select pg_advisory_xact_lock($1)

-- name: subject
select person_id from person_subject where provider = $1 and subject = $2

-- name: add
insert into person (id, name, email, email_key, is_email_verified, is_operator, is_active, created_at)
values ($1, $2, $3, $4, $5, $6, true, $7)

-- name: holders
select id, is_active, is_email_verified or exists (
  select 1 from person_subject where person_id = person.id and provider = 'accounts'
)
from person where email_key = $1 and id <> $2 order by created_at, id

-- name: take_email
update person set email = '', email_key = '' where id = $1

-- name: email_key
select email_key from person where id = $1

-- name: add_subject
insert into person_subject (provider, subject, person_id, groups, is_operator) values ($1, $2, $3, $4, $5)

-- name: update
update person set name = $1 where id = $2 and name <> $1 and $1 <> ''

-- name: update_email
update person set email = $1, email_key = $2, is_email_verified = $3
where id = $4 and (email, is_email_verified) is distinct from ($1, $3)

-- name: update_subject
update person_subject set groups = $1, is_operator = $2
where provider = $3 and subject = $4 and (groups, is_operator) is distinct from ($1, $2)

-- name: shown
id, name, email, person.is_operator or exists (
  select 1 from person_subject where person_id = person.id and is_operator
), is_active, created_at, last_signed_in,
array(select provider from person_subject where person_id = person.id order by provider),
array(
  select distinct provider || '/' || value from person_subject, unnest(groups) as value where person_id = person.id
),
array(select provider || '/' || subject from person_subject where person_id = person.id)

-- name: find
select {shown} from person where id = $1

-- name: list
select {shown} from person
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

-- name: forget
delete from person where id = $1

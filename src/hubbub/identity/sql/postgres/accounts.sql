-- name: now
extract(epoch from clock_timestamp())::double precision

-- name: columns
person_id, account.email, password, totp_secret, totp_proposed, totp_step, person.is_active

-- name: account
select {columns} from account join person on person.id = person_id where account.email = $1

-- name: account_of
select {columns} from account join person on person.id = person_id where person_id = $1

-- name: add
insert into account (person_id, email, password) values ($1, $2, $3)

-- name: set_password
update account set password = $1 where person_id = $2

-- name: propose_totp
update account set totp_proposed = $1 where person_id = $2

-- name: confirm_totp
update account set totp_secret = totp_proposed, totp_proposed = null, totp_step = $1
where person_id = $2 and totp_proposed is not null

-- name: remove_totp
update account set totp_secret = null, totp_proposed = null, totp_step = 0 where person_id = $1

-- name: use_totp
update account set totp_step = $1 where person_id = $2 and totp_step < $1

-- name: add_link
insert into account_link (digest, kind, person_id, email, name, is_operator, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: replace_links
delete from account_link where (kind = $1 and email = $2 and person_id is not distinct from $3) or expires_at <= {now}

-- name: link_columns
kind, person_id, email, name, is_operator, created_at, expires_at

-- name: link
select {link_columns} from account_link where digest = $1 and expires_at > {now}

-- name: take_link
delete from account_link where digest = $1 and expires_at > {now} returning {link_columns}

-- name: links
select {link_columns} from account_link where kind = 'invitation' and expires_at > {now} order by created_at

-- name: withdraw
delete from account_link where kind = 'invitation' and email = $1

-- name: drop_links_of
delete from account_link where person_id = $1

-- name: make_operator
update person set is_operator = true, is_active = true where id = $1

-- name: forget_attempts
delete from sign_in_attempt where at <= {now} - $1

-- name: count_attempts
select (select count(*) from sign_in_attempt where account = $1 and at > {now} - $3),
  (select count(*) from sign_in_attempt where address = $2 and at > {now} - $3),
  (select min(at) + $3 - {now} from sign_in_attempt where (account = $1 or address = $2) and at > {now} - $3)

-- name: add_attempt
insert into sign_in_attempt (account, address, at) values ($1, $2, {now}) returning id

-- name: settle_attempt
delete from sign_in_attempt where id = $1 or account = $2

-- name: email_of
select email from account where person_id = $1

-- name: drop_links_to
delete from account_link where email = $1

-- name: forget_account
delete from account where person_id = $1

-- name: add_codes
insert into recovery_code (person_id, digest) select $1, digest from unnest($2::bytea[]) as digest

-- name: use_code
delete from recovery_code where person_id = $1 and digest = $2

-- name: drop_codes
delete from recovery_code where person_id = $1

-- name: count_codes
select count(*) from recovery_code where person_id = $1

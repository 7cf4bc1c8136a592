-- name: account
select person_id, account.email, password, totp_secret, totp_proposed, totp_step, person.is_active
from account join person on person.id = person_id where account.email = ?

-- name: account_of
select person_id, account.email, password, totp_secret, totp_proposed, totp_step, person.is_active
from account join person on person.id = person_id where person_id = ?

-- name: add
insert into account (person_id, email, password) values (?, ?, ?)

-- name: set_password
update account set password = ? where person_id = ?

-- name: propose_totp
update account set totp_proposed = ? where person_id = ?

-- name: confirm_totp
update account set totp_secret = totp_proposed, totp_proposed = null, totp_step = ?
where person_id = ? and totp_proposed is not null

-- name: remove_totp
update account set totp_secret = null, totp_proposed = null, totp_step = 0 where person_id = ?

-- name: use_totp
update account set totp_step = ? where person_id = ? and totp_step < ?

-- name: add_link
insert into account_link (digest, kind, person_id, email, name, is_operator, created_at, expires_at)
values (?, ?, ?, ?, ?, ?, ?, ?)

-- name: replace_links
delete from account_link where (kind = ?1 and email = ?2 and person_id is ?3) or expires_at <= ?4

-- name: link
select kind, person_id, email, name, is_operator, created_at, expires_at
from account_link where digest = ? and expires_at > ?

-- name: take_link
delete from account_link where digest = ? and expires_at > ?
returning kind, person_id, email, name, is_operator, created_at, expires_at

-- name: links
select kind, person_id, email, name, is_operator, created_at, expires_at
from account_link where kind = 'invitation' and expires_at > ? order by created_at

-- name: withdraw
delete from account_link where kind = 'invitation' and email = ?

-- name: drop_links_of
delete from account_link where person_id = ?

-- name: make_operator
update person set is_operator = 1, is_active = 1 where id = ?

-- name: rename
update person set name = ? where id = ?

-- name: forget_attempts
delete from sign_in_attempt where at <= ?

-- name: count_attempts
select (select count(*) from sign_in_attempt where account = ?1 and at > ?3),
  (select count(*) from sign_in_attempt where address = ?2 and at > ?3),
  (select min(at) from sign_in_attempt where (account = ?1 or address = ?2) and at > ?3)

-- name: add_attempt
insert into sign_in_attempt (account, address, at) values (?, ?, ?) returning id

-- name: settle_attempt
delete from sign_in_attempt where id = ? or account = ?

-- name: email_of
select email from account where person_id = ?

-- name: drop_links_to
delete from account_link where email = ?

-- name: forget_account
delete from account where person_id = ?

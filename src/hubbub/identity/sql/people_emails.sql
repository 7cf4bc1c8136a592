alter table person add column email_key text not null default ''; -- as it is compared: see `compared`

alter table person add column is_email_verified integer not null default 0; -- the provider's word, or an account's

update person set email_key = lower(trim(email));

create index person_of_email on person (email_key) where email_key <> '';

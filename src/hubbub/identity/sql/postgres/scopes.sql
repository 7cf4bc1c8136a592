alter table api_key add column owner_id text not null default ''; -- the person who made it for themselves; empty: an operator
alter table api_key add column limits text; -- what of its person's rights it has, as JSON; null: all

drop index api_key_of_name;

create unique index api_key_of_name on api_key (owner_id, name) where revoked_at is null;

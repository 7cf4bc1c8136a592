alter table answer add column expires_at real; -- null: it is kept until it is forgotten with its chat
create index answer_expiring on answer (expires_at) where expires_at is not null;

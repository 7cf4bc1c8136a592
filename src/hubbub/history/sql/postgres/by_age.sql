create index chat_by_age on chat (updated_at, id); -- old ones are found without a look at the rest

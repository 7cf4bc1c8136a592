alter table person_job add column taker_id text not null default ''; -- who gets the person's collections, assistants and prompts

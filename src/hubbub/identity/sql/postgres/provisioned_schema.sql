create table provisioned_person (
  provider text collate "C" not null,
  person_id text collate "C" not null references person (id) on delete cascade,
  user_name_key text not null, -- as it is compared: see `compared`
  display_name_key text not null,
  external_id text not null,
  said text not null, -- JSON: what the provider's SCIM client said last
  created_at double precision not null,
  changed_at double precision not null,
  primary key (provider, person_id)
);
create unique index provisioned_person_name on provisioned_person (provider, user_name_key);
create unique index provisioned_person_external on provisioned_person (provider, external_id) where external_id <> '';
create index provisioned_person_of on provisioned_person (person_id);

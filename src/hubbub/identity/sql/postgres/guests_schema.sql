create table guest_taken (
  guest_id text collate "C" primary key,
  person_id text not null, -- who took along what the guest did: nobody else can
  begun_at double precision not null,
  done_at double precision -- null until the library, which may be elsewhere, has followed
);
create index guest_taken_by on guest_taken (person_id);

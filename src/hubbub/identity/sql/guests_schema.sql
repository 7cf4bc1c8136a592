create table guest_taken (
  guest_id text primary key,
  person_id text not null, -- who took along what the guest did: nobody else can
  begun_at real not null,
  done_at real -- null until the library, which is another file, has followed
) without rowid;

create table id_token (
  sign_in_id text primary key references sign_in (id) on delete cascade,
  sealed text not null -- with a key that is made of the sign-in's cookie, which is written nowhere
) without rowid;

-- name: keep
insert into id_token (sign_in_id, sealed) values (?, ?) on conflict do update set sealed = excluded.sealed

-- name: find
select sealed from id_token where sign_in_id = ?

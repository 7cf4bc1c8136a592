-- name: add
insert into cookie_key (id, secret, created_at) values (1, $1, $2) on conflict do nothing

-- name: key
select secret, created_at from cookie_key where id = 1

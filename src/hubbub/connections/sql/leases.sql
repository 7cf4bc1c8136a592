-- name: create_tables
create table lease (
    name text primary key,
    holder text not null,
    until timestamptz not null
)

-- name: take
insert into lease (name, holder, until) values ($1, $2, now() + make_interval(secs => $3::float8))
on conflict (name) do update set holder = excluded.holder, until = excluded.until
where lease.until < now() or lease.holder = excluded.holder

-- name: give_back
delete from lease where name = $1 and holder = $2

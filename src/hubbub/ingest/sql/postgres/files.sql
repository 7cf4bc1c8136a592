-- The original files, each once, in pieces.

-- name: create_tables
create table file_content (
    sha256 text primary key,
    size_bytes bigint not null,
    added_at timestamptz not null default now(),
    kept_at timestamptz not null default now()
);
create table file_piece (
    sha256 text not null references file_content (sha256) on delete cascade,
    number integer not null,
    data bytea not null,
    primary key (sha256, number)
);
alter table file_piece alter column data set storage external; -- most files are compressed already

-- name: touch
update file_content set kept_at = now() where sha256 = $1

-- name: put
insert into file_content (sha256, size_bytes) values ($1, $2) on conflict do nothing

-- name: put_piece
insert into file_piece (sha256, number, data) values ($1, $2, $3)

-- name: content
select size_bytes, extract(epoch from added_at)::float8 from file_content where sha256 = $1

-- name: piece
select data from file_piece where sha256 = $1 and number = $2

-- name: drop
delete from file_content where sha256 = $1 and kept_at < now() - make_interval(secs => $2::float8)

-- name: drop_unused
delete from file_content
where sha256 <> all($1::text[]) and kept_at < now() - make_interval(secs => $2::float8)

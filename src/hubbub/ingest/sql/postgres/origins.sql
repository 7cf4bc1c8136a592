-- Which file a document was read from: a folder (the source), and a path below it.

-- name: create_tables
create table origin (
    collection_id text not null,
    source text not null,
    path text not null,
    name text not null,
    stamp text not null,
    sha256 text not null,
    primary key (collection_id, source, path)
);
create unique index origin_name on origin (collection_id, name);

-- name: known
select path, name, stamp, sha256 from origin where collection_id = $1 and source = $2;

-- name: owners
select name, source from origin where collection_id = $1;

-- name: release
delete from origin where collection_id = $1 and name = $2;

-- name: put
insert into origin (collection_id, source, path, name, stamp, sha256)
values ($1, $2, $3, $4, $5, $6)
on conflict (collection_id, source, path) do update set
    name = excluded.name, stamp = excluded.stamp, sha256 = excluded.sha256;

-- name: forget
delete from origin where collection_id = $1 and source = $2 and path = $3;

-- name: prune
delete from origin where collection_id <> all($1::text[]);

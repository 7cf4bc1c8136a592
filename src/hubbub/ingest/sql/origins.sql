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
) without rowid;
create unique index origin_name on origin (collection_id, name);

-- name: known
select path, name, stamp, sha256 from origin where collection_id = :collection_id and source = :source;

-- name: owners
select name, source from origin where collection_id = :collection_id;

-- name: release
delete from origin where collection_id = :collection_id and name = :name;

-- name: put
insert into origin (collection_id, source, path, name, stamp, sha256)
values (:collection_id, :source, :path, :name, :stamp, :sha256)
on conflict (collection_id, source, path) do update set
    name = excluded.name, stamp = excluded.stamp, sha256 = excluded.sha256;

-- name: forget
delete from origin where collection_id = :collection_id and source = :source and path = :path;

-- name: prune
delete from origin where collection_id not in (select value from json_each(:collection_ids));

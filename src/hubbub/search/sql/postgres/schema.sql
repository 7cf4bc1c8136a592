-- name: passages
create table passage (
    row_id bigint generated always as identity primary key,
    id text not null unique,
    document_id text not null,
    collection_id text not null,
    number integer not null,
    page integer,
    heading text not null,
    text text not null,
    name text not null,
    title text not null
);
create index passage_document on passage (document_id, number);

-- Words are cut by `hubbub.core.wording`, for the index as for the query. The collection is one more term of each
-- passage. The terms stand in the row itself as long as it fits into a page: they are read for each passage rated.
create table passage_terms (
    row_id bigint primary key,
    terms tsvector not null
) with (toast_tuple_target = 8160);
alter table passage_terms alter column terms set storage external;
create index passage_terms_found on passage_terms using gin (terms) with (fastupdate = off);

-- The languages whose stems are in the index.
create table passage_language (language text primary key);

-- The passages that have no vector. Of several workers each takes some for a while.
create table passage_unembedded (
    row_id bigint primary key,
    document_id text not null,
    collection_id text not null,
    taken_until timestamptz not null default '-infinity'
);
create index passage_unembedded_document on passage_unembedded (document_id);

-- Which embedder made the vectors in passage_embedding; that table is made when one is first used.
create table vector_space (
    only_one integer primary key check (only_one = 1),
    name text not null,
    dimensions integer not null
);

create table collection_passages (
    collection_id text primary key,
    passages bigint not null,
    unembedded bigint not null
);

create function count_passages() returns trigger language plpgsql as $$
begin
    insert into collection_passages as counted
    select collection_id, case tg_op when 'INSERT' then count(*) else -count(*) end, 0
    from changed group by collection_id order by collection_id
    on conflict (collection_id) do update set passages = counted.passages + excluded.passages;
    return null;
end $$;
create trigger passage_added after insert on passage
referencing new table as changed for each statement execute function count_passages();
create trigger passage_removed after delete on passage
referencing old table as changed for each statement execute function count_passages();

create function count_unembedded() returns trigger language plpgsql as $$
begin
    insert into collection_passages as counted
    select collection_id, 0, case tg_op when 'INSERT' then count(*) else -count(*) end
    from changed group by collection_id order by collection_id
    on conflict (collection_id) do update set unembedded = counted.unembedded + excluded.unembedded;
    return null;
end $$;
create trigger unembedded_added after insert on passage_unembedded
referencing new table as changed for each statement execute function count_unembedded();
create trigger unembedded_removed after delete on passage_unembedded
referencing old table as changed for each statement execute function count_unembedded();

-- name: statistics
-- What a search knows of frequent words without counting them (`frequent_terms`): 3,000 of them, from 90,000 rows.
alter table passage_terms alter column terms set statistics 300;

-- name: passages
create table passage (
    row integer primary key, -- what the indexes below refer to
    id text not null unique,
    document_id text not null,
    collection_id text not null,
    number integer not null,
    page integer,
    heading text not null,
    text text not null,
    name text not null,
    title text not null,
    is_embedded integer not null default 0,
    inside text generated always as ('c' || hex(collection_id) || 'x') virtual -- the collection as one word
) strict;

create index passage_document on passage (document_id, number, is_embedded);
create index passage_unembedded on passage (row) where is_embedded = 0;

-- The collection is one more word of each passage, so that a query ranks the passages of its own collections only.
-- That word weighs nothing, and its last letter keeps it from being stemmed.
create virtual table passage_words using fts5 (
    inside, title, heading, text,
    content = 'passage', content_rowid = 'row', tokenize = "porter unicode61 remove_diacritics 2"
);

create trigger passage_added after insert on passage begin
    insert into passage_words (rowid, inside, title, heading, text)
    values (new.row, new.inside, new.title, new.heading, new.text);
end;

create trigger passage_removed after delete on passage begin
    insert into passage_words (passage_words, rowid, inside, title, heading, text)
    values ('delete', old.row, old.inside, old.title, old.heading, old.text);
end;

-- Which embedder made the vectors in passage_vector; that table is made when one is first used.
create table vector_space (
    only integer primary key check (only = 1),
    name text not null,
    dimensions integer not null
) strict;


-- name: terms
-- Words are cut by `hubbub.core.wording`, for the index as for the query; what is stored are terms between spaces.
-- The collection is one more term of each passage (`inside`), which weighs nothing.
create virtual table passage_terms using fts5 (
    inside, title, heading, text,
    content = '', contentless_delete = 1, tokenize = "ascii tokenchars '-./:@+,'"
);
insert into passage_terms (passage_terms, rank) values ('rank', 'bm25(0.0, 0.5, 1.0, 1.0)');
create virtual table passage_vocabulary using fts5vocab (passage_terms, 'row');

-- The languages whose stems are in the index.
create table passage_language (language text primary key) strict, without rowid;

-- The passages that are not in passage_terms yet.
create table passage_waiting (row integer primary key) strict;
insert into passage_waiting select row from passage;

-- A vector each. Which of them may be near another one is told by their signs: those of a collection stand in blocks,
-- so that they can be read at once. What a block says of a row counts where passage_embedding says the same.
create table passage_embedding (
    row integer primary key,
    collection_id text not null,
    block integer not null,
    vector blob not null
) strict;
create index passage_embedding_block on passage_embedding (block);
create table sign_block (
    block integer primary key,
    collection_id text not null,
    is_full integer not null default 0,
    rows blob not null, -- their numbers, 8 bytes each
    signs blob not null
) strict;
create index sign_block_collection on sign_block (collection_id, is_full);

create table collection_passages (
    collection_id text primary key,
    passages integer not null,
    embedded integer not null
) strict, without rowid;
insert into collection_passages
select collection_id, count(*), coalesce(sum(is_embedded), 0) from passage group by collection_id;

drop trigger passage_added;
drop trigger passage_removed;

create trigger passage_added after insert on passage begin
    insert into passage_waiting values (new.row);
    insert into collection_passages values (new.collection_id, 1, new.is_embedded)
    on conflict (collection_id) do update set passages = passages + 1, embedded = embedded + new.is_embedded;
end;

create trigger passage_marked after update of is_embedded on passage when old.is_embedded <> new.is_embedded begin
    update collection_passages set embedded = embedded + new.is_embedded - old.is_embedded
    where collection_id = new.collection_id;
end;

create trigger passage_removed after delete on passage begin
    delete from passage_terms
    where rowid = old.row and not exists (select 1 from passage_waiting where row = old.row);
    delete from passage_waiting where row = old.row;
    delete from passage_embedding where row = old.row;
    update collection_passages set passages = passages - 1, embedded = embedded - old.is_embedded
    where collection_id = old.collection_id;
end;

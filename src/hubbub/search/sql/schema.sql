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

-- Who may read single documents of a collection. Who may see a document is said in `library.sql`.

-- name: create_tables
-- A document may be restricted: of those who may see its collection, its readers alone see it, and whoever manages the
-- collection. The mark stands with the document, so that a list of which nobody is left lets nobody in.
alter table document add column is_restricted boolean not null default false;
create index document_restricted on document (collection_id) where is_restricted;
create table document_reader (
    document_id text not null references document (id) on delete cascade,
    subject text not null,
    primary key (document_id, subject)
);
create index document_reader_subject on document_reader (subject);
create trigger document_reader_changed after insert or delete on document_reader
for each statement execute function note_rights();
create trigger document_restricted after update of is_restricted on document
for each row when (old.is_restricted <> new.is_restricted) execute function note_rights();

-- name: restriction
select is_restricted from document where id = $1;

-- name: readers
select subject from document_reader where document_id = $1 order by subject;

-- name: restrict
update document set is_restricted = $2 where id = $1;

-- name: drop_readers
delete from document_reader where document_id = $1;

-- name: put_readers
insert into document_reader (document_id, subject) select $1, * from unnest($2::text[]) on conflict do nothing;

-- name: given
select document_id from document_reader where subject = $1 order by document_id;

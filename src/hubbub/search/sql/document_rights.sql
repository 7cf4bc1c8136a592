-- Who may read single documents of a collection. Who may see a document is said in `library.sql`.

-- name: create_tables
-- A document may be restricted: of those who may see its collection, its readers alone see it, and whoever manages the
-- collection. The mark stands with the document, so that a list of which nobody is left lets nobody in.
alter table document add column is_restricted integer not null default 0;
create index document_restricted on document (collection_id) where is_restricted = 1;
create table document_reader (
    document_id text not null references document (id) on delete cascade,
    subject text not null,
    primary key (document_id, subject)
) without rowid;
create index document_reader_subject on document_reader (subject);
create trigger document_reader_added after insert on document_reader begin
    update rights_revision set number = number + 1;
end;
create trigger document_reader_removed after delete on document_reader begin
    update rights_revision set number = number + 1;
end;
create trigger document_restricted after update of is_restricted on document
when old.is_restricted <> new.is_restricted begin
    update rights_revision set number = number + 1;
end;

-- name: restriction
select is_restricted from document where id = :id;

-- name: readers
select subject from document_reader where document_id = :id order by subject;

-- name: restrict
update document set is_restricted = :is_restricted where id = :id;

-- name: drop_readers
delete from document_reader where document_id = :id;

-- name: put_reader
insert into document_reader (document_id, subject) values (:id, :subject) on conflict do nothing;

-- name: given
select document_id from document_reader where subject = :subject order by document_id;

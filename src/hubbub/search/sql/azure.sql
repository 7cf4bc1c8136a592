-- What is in an index elsewhere (Azure AI Search, or a search of somebody's own), beside the table `passage` (schema.sql), which says what should be.

-- name: create_tables
create table azure_passage (
    id text primary key,
    document_id text not null,
    is_there integer not null default 0 -- 0: it may be on its way
) strict, without rowid;

create index azure_passage_document on azure_passage (document_id);

-- Which index that is, and whose vectors are in it.
create table azure_place (
    only integer primary key check (only = 1),
    place text not null,
    space text not null
) strict;

-- name: name_by_what_they_are
alter table azure_passage rename to ledger_passage;
alter table azure_place rename to ledger_place;
drop index azure_passage_document;
create index ledger_passage_document on ledger_passage (document_id);

-- name: place
select place, space from ledger_place

-- name: use_place
insert or replace into ledger_place values (1, :place, :space)

-- name: forget_passages
delete from ledger_passage

-- name: unembed
update passage set is_embedded = 0 where is_embedded = 1

-- name: announce
insert or ignore into ledger_passage (id, document_id) values (?, ?)

-- name: confirm
insert or replace into ledger_passage (id, document_id, is_there) values (?, ?, 1)

-- name: ids_of_document
select id from ledger_passage where document_id = :document_id
union
select id from passage where document_id = :document_id

-- name: strays
select id from ledger_passage
where document_id not in (select value from json_each(:busy)) and id not in (select id from passage)
limit :limit

-- name: gone
delete from ledger_passage
where id in (select value from json_each(:ids)) and id not in (select id from passage)

-- name: missing
select passage.id, document_id, collection_id, number, page, heading, text, name, title
from passage
where not exists (select 1 from ledger_passage where id = passage.id and is_there)
order by row
limit :limit

-- name: unembedded
select passage.row, passage.id, passage.document_id, heading, text
from passage join ledger_passage on ledger_passage.id = passage.id and ledger_passage.is_there
where is_embedded = 0
order by passage.row
limit :limit

-- name: lost
update ledger_passage set is_there = 0 where id in (select value from json_each(:ids))

-- name: mark_embedded
update passage set is_embedded = 1 where row = ? and id = ? and is_embedded = 0

-- name: hits
select
    asked.value, passage.id is not null, coalesce(ledger_passage.is_there, 1),
    passage.document_id, collection_id, name, title, text, page, heading
from json_each(:ids) as asked
left join passage on passage.id = asked.value
left join ledger_passage on ledger_passage.id = asked.value

-- name: embed_oldest
update passage set is_embedded = 1
where row in (select row from passage where document_id = ? and is_embedded = 0 order by row limit ?)

-- name: documents_of
select distinct document_id from ledger_passage where id in (select value from json_each(:ids))

-- name: unsettle
update ledger_passage set is_there = 0 where document_id = :document_id

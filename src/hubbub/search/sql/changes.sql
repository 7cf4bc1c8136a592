-- What changed in the indexes, for what is kept of them in memory.

-- name: changes
-- The last passages whose words were indexed, with their terms: title, headings and text on a line each, below the word
-- that stands for the collection; no terms where it was removed. Only the last ones are kept.
create table passage_change (
    number integer primary key,
    row integer not null,
    terms text not null
) strict;

create index passage_change_row on passage_change (row);

drop trigger passage_removed;

create trigger passage_removed after delete on passage begin
    delete from passage_terms
    where rowid = old.row and not exists (select 1 from passage_waiting where row = old.row);
    update passage_change set terms = '' where row = old.row; -- what was deleted stands nowhere any more
    insert into passage_change (row, terms) values (old.row, '');
    delete from passage_waiting where row = old.row;
    delete from passage_embedding where row = old.row;
    update collection_passages set passages = passages - 1, embedded = embedded - old.is_embedded
    where collection_id = old.collection_id;
end;

-- Counts what is written to blocks of signs: a block of the same number and revision is the same.
create table sign_revision (number integer not null) strict;
insert into sign_revision values (1);
alter table sign_block add column revision integer not null default 0;
drop index sign_block_collection;
create index sign_block_collection on sign_block (collection_id, is_full, revision);

-- name: compounds
-- The passages in languages with compounds whose long words are not indexed back to front yet, as an earlier version
-- left them. They are found meanwhile, but not by the ends of their words.
create table passage_unturned (row integer primary key) strict;
insert into passage_unturned
select row from passage where exists (
    select 1 from passage_language where language in ('de', 'nl', 'sv', 'da', 'no', 'fi')
);

-- name: unturned
select row, collection_id, name, title, heading, text, document_id
from passage
where row in (select row from passage_unturned order by row limit ?)
    and row not in (select row from passage_waiting)
order by row

-- name: first_texts
select text from passage where document_id = ? order by number limit 10

-- name: drop_terms_of
delete from passage_terms where rowid = ?

-- name: turned
delete from passage_unturned where row <= coalesce(
    (select max(row) from (select row from passage_unturned order by row limit ?)), 0
)

-- name: is_unturned
select 1 from passage_unturned limit 1

-- name: note_change
insert into passage_change (row, terms) values (?, ?)

-- name: forget_changes
delete from passage_change where number <= (select max(number) from passage_change) - ?

-- name: reach
select coalesce(min(number), 0), coalesce(max(number), 0) from passage_change

-- name: changes_after
select number, row, terms from passage_change where number > ? order by number

-- name: totals
select block from passage_terms_data where id = 1

-- What is read in one step, as one value, keeps no other thread from its work.

-- name: weights_of
-- The row in 4 bytes and a million millions of its rank in 8, for each passage.
select unhex(group_concat(format('%08x%016x', rowid, cast(rank * -1e12 as integer)), '')) from passage_terms(?)

-- name: rows_with
-- 4 bytes for each passage.
select unhex(group_concat(format('%08x', rowid), '')) from passage_terms(?)

-- name: next_revision
update sign_revision set number = number + 1 returning number

-- name: revisions
select block, revision, is_full from sign_block where collection_id = ? order by block

-- name: revision
select count(*), coalesce(max(revision), 0) from sign_block where collection_id = ?

-- name: block
select rows, signs from sign_block where block = ?

-- name: alive_rows
select row from passage where row in (select value from json_each(?))

-- name: rows_of
select row from passage where document_id in (select value from json_each(?))

-- name: passages_with
select doc from passage_vocabulary where term = ?

-- name: terms_from
select term, doc from passage_vocabulary where term > ?1 and term < ?1 || char(1114111) limit ?2

-- name: languages
select language from passage_language

-- name: nearest
select row, vec_distance_cosine(vector, :vector) as distance
from passage_embedding
where row in (select value from json_each(:rows)) and collection_id in (select value from json_each(:collection_ids))
order by distance, row
limit :limit

-- name: similarities
select row, 1 - vec_distance_cosine(vector, :vector)
from passage_embedding
where row in (select value from json_each(:rows))

-- name: hits
select row, id, document_id, collection_id, name, title, text, page, heading
from passage
where row in (select value from json_each(:rows))

-- name: put
insert into passage (id, document_id, collection_id, number, page, heading, text, name, title)
values (?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: waiting_of_document
select row, collection_id, name, title, heading, text
from passage
where document_id = ? and row in (select row from passage_waiting)

-- name: rename
update passage set name = ? where document_id = ?

-- name: drop_terms
delete from passage_terms
where rowid in (
    select row from passage where document_id = ? and row not in (select row from passage_waiting)
)

-- name: wait_again
insert or ignore into passage_waiting select row from passage where document_id = ?

-- name: put_terms
insert into passage_terms (rowid, inside, title, heading, text) values (?, ?, ?, ?, ?)

-- name: put_language
insert or ignore into passage_language values (?)

-- name: not_waiting
delete from passage_waiting where row = ?

-- name: remove
delete from passage where document_id in (select value from json_each(?))

-- name: embedded_rows
select row from passage where document_id in (select value from json_each(?)) and is_embedded = 1

-- name: blocks_of
select distinct block from passage_embedding where row in (select value from json_each(?))

-- name: alive
select row, collection_id, vector from passage_embedding where block = ? order by row

-- name: alive_count
select count(*) from passage_embedding where block = ?

-- name: block_bytes
select length(rows) from sign_block where block = ?

-- name: drop_block
delete from sign_block where block = ?

-- name: passages
select id, document_id, number, text, page, heading from passage where document_id = ? order by number

-- name: counts
select document_id, count(*), sum(is_embedded) from passage group by document_id

-- name: unembedded
select row, id, document_id, heading, text from passage where is_embedded = 0 order by row limit ?

-- name: still_unembedded
select collection_id from passage where row = ? and id = ? and is_embedded = 0

-- name: put_vector
insert or replace into passage_embedding (row, collection_id, block, vector) values (?, ?, ?, ?)

-- name: open_block
select block, rows, signs from sign_block where collection_id = ? and is_full = 0 limit 1

-- name: new_block
insert into sign_block (collection_id, rows, signs) values (?, x'', x'') returning block

-- name: fill_block
update sign_block set rows = ?, signs = ?, is_full = ?, revision = ? where block = ?

-- name: mark_embedded
update passage set is_embedded = 1 where row = ?

-- name: space
select name, dimensions from vector_space

-- name: forget_vectors
drop table if exists passage_vector;
delete from sign_block;
delete from passage_embedding;
delete from vector_space;
update passage set is_embedded = 0 where is_embedded = 1;

-- name: name_space
insert into vector_space values (1, ?, ?)

-- What an index of an earlier version is brought up to date with, and searched by until it is.

-- name: tables_before
select name from sqlite_schema where type = 'table' and name in ('passage_words', 'passage_vector')

-- name: is_waiting
select 1 from passage_waiting limit 1

-- name: waiting
select row, collection_id, name, title, heading, text, is_embedded
from passage
where row in (select row from passage_waiting order by row desc limit ?)

-- name: vector_before
select embedding from passage_vector where rowid = ?

-- name: remove_vector_before
delete from passage_vector where rowid = ?

-- name: find_words_before
select rowid
from passage_words(:match)
where rowid in (select row from passage_waiting)
order by bm25(passage_words, 0.0, 0.5, 1.0, 1.0), rowid
limit :limit

-- name: find_vectors_before
select rowid
from passage_vector
where embedding match :vector and k = :limit and collection_id = :collection_id

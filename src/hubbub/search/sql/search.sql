-- name: find_words
select passage.row
from passage_words(:match)
join passage on passage.row = passage_words.rowid
where passage.collection_id in (select value from json_each(:collection_ids))
order by bm25(passage_words, 0.0, 0.5, 1.0, 1.0), passage.row
limit :limit

-- name: find_vectors
select rowid, distance
from passage_vector
where embedding match :vector and k = :limit and collection_id = :collection_id

-- name: hits
select row, id, document_id, collection_id, name, title, text, page, heading
from passage
where row in (select value from json_each(:rows))

-- name: put
insert into passage (id, document_id, collection_id, number, page, heading, text, name, title)
values (?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: remove
delete from passage where document_id = ?

-- name: remove_vectors
delete from passage_vector where rowid in (select row from passage where document_id = ? and is_embedded)

-- name: passages
select id, document_id, number, text, page, heading from passage where document_id = ? order by number

-- name: counts
select document_id, count(*), sum(is_embedded) from passage group by document_id

-- name: unembedded
select row, id, document_id, heading, text from passage where not is_embedded order by row limit ?

-- name: still_unembedded
select collection_id from passage where row = ? and id = ? and not is_embedded

-- name: put_vector
insert into passage_vector (rowid, collection_id, embedding) values (?, ?, ?)

-- name: mark_embedded
update passage set is_embedded = 1 where row = ?

-- name: space
select name, dimensions from vector_space

-- name: forget_vectors
drop table if exists passage_vector;
delete from vector_space;
update passage set is_embedded = 0 where is_embedded;

-- name: name_space
insert into vector_space values (1, ?, ?)

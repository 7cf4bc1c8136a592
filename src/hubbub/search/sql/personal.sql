-- What the library keeps of a person besides their collections and their groups.

-- name: given
select collection_id, level from permission where subject = :subject order by collection_id;

-- name: paid
select id from document where payer = :payer order by added_at, id;

-- name: forget_payer
update document set payer = '' where payer = :payer;

-- name: merge_words
insert into passage_terms (passage_terms, rank) values ('merge', ?)

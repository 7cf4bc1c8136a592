-- name: extension
select
    (select extversion from pg_extension where extname = 'vector'),
    (select default_version from pg_available_extensions where name = 'vector')

-- name: may_make_it
select rolsuper or exists (
    select 1 from pg_available_extension_versions where name = 'vector' and trusted
) and has_database_privilege(current_database(), 'create')
from pg_roles where rolname = current_user

-- name: settle
-- What a search needs to know first: whose vectors there are, which languages, how many passages, with how many vectors
-- in these collections. What is set holds for this transaction; a setting that pgvector is too old for changes nothing.
select
    (select name from vector_space),
    (select array_agg(language order by language) from passage_language),
    (select coalesce(sum(passages), 0)::bigint from collection_passages),
    (
        select coalesce(sum(passages - unembedded), 0)::bigint
        from collection_passages
        where collection_id = any($1::text[])
    ),
    set_config('hnsw.iterative_scan', 'strict_order', true),
    set_config('hnsw.ef_search', '400', true)

-- name: frequent_terms
-- What PostgreSQL has found out by itself for its plans: the most frequent terms, with the share of rows that holds each;
-- the shares end with three more numbers. No row before its first look, nor where there are more than twice as many
-- passages as there were then.
select most_common_elems::text::text[], most_common_elem_freqs
from pg_class
join pg_namespace on pg_namespace.oid = relnamespace
join pg_stats on schemaname = nspname and tablename = relname and attname = 'terms'
where pg_class.oid = 'passage_terms'::regclass and 2 * reltuples > $1::bigint

-- name: passages_with
select form, (
    select count(*) from (
        select 1 from passage_terms where terms @@ query limit $3::integer
    ) as few
)
from unnest($1::text[], $2::text[]::tsquery[]) as asked (form, query)

-- name: find_words
-- `ts_rank` rates how often a word is in a passage, and how long that is; how rare the word is stands in its weight.
with asked as materialized (
    select * from unnest($2::text[]::tsquery[], $3::real[]) as one (query, weight)
),
found as materialized (
    select row_id, terms from passage_terms where terms @@ $1::text::tsquery limit $5::integer
)
select row_id
from found
order by (
    select sum(weight * ts_rank('{1, 0.5, 1, 1}'::real[], terms, query, 16)) from asked
) desc, row_id
limit $4::integer

-- name: find_words_among
with asked as materialized (
    select * from unnest($2::text[]::tsquery[], $3::real[]) as one (query, weight)
),
found as materialized (
    select row_id, terms from passage_terms
    where terms @@ $1::text::tsquery
        and row_id in (select row_id from passage where document_id = any($6::text[]))
    limit $5::integer
)
select row_id
from found
order by (
    select sum(weight * ts_rank('{1, 0.5, 1, 1}'::real[], terms, query, 16)) from asked
) desc, row_id
limit $4::integer

-- name: find_words_but
-- Without the passages of some documents.
with asked as materialized (
    select * from unnest($2::text[]::tsquery[], $3::real[]) as one (query, weight)
),
found as materialized (
    select row_id, terms from passage_terms
    where terms @@ $1::text::tsquery
        and row_id not in (select row_id from passage where document_id = any($6::text[]))
    limit $5::integer
)
select row_id
from found
order by (
    select sum(weight * ts_rank('{1, 0.5, 1, 1}'::real[], terms, query, 16)) from asked
) desc, row_id
limit $4::integer

-- name: count_of
select count(*) from passage where document_id = any($1::text[])

-- name: nearest_among_few
select row_id from passage_embedding
where collection_id = any($2::text[])
    and row_id in (select row_id from passage where document_id = any($4::text[]))
order by (vector <=> $1::real[]::halfvec) + 0, row_id
limit $3::integer

-- name: nearest_among_many
select row_id from passage_embedding
where collection_id = any($2::text[])
    and row_id in (select row_id from passage where document_id = any($4::text[]))
order by vector <=> $1::real[]::halfvec
limit $3::integer

-- name: nearest_but_of_few
select row_id from passage_embedding
where collection_id = any($2::text[])
    and row_id not in (select row_id from passage where document_id = any($4::text[]))
order by (vector <=> $1::real[]::halfvec) + 0, row_id
limit $3::integer

-- name: nearest_but_of_many
select row_id from passage_embedding
where collection_id = any($2::text[])
    and row_id not in (select row_id from passage where document_id = any($4::text[]))
order by vector <=> $1::real[]::halfvec
limit $3::integer

-- name: nearest_of_few
select row_id from passage_embedding
where collection_id = any($2::text[])
order by (vector <=> $1::real[]::halfvec) + 0, row_id
limit $3::integer

-- name: nearest_of_many
select row_id from passage_embedding
where collection_id = any($2::text[])
order by vector <=> $1::real[]::halfvec
limit $3::integer

-- name: hits
select row_id, id, document_id, collection_id, name, title, text, page, heading
from passage
where row_id = any($1::bigint[])

-- name: lock_document
select pg_advisory_xact_lock(hashtextextended(id, 7)) from unnest($1::text[]) as one (id) order by id

-- name: put
with added as (
    insert into passage (id, document_id, collection_id, number, page, heading, text, name, title)
    select one.id, $1::text, $2::text, one.number, one.page, one.heading, one.text, $3::text, $4::text
    from unnest($5::text[], $6::integer[], $7::integer[], $8::text[], $9::text[])
        as one (id, number, page, heading, text)
    returning row_id, id
),
waiting as (
    insert into passage_unembedded (row_id, document_id, collection_id)
    select row_id, $1::text, $2::text from added
)
insert into passage_terms (row_id, terms)
select added.row_id, one.terms::tsvector
from added join unnest($5::text[], $10::text[]) as one (id, terms) on one.id = added.id

-- name: put_languages
insert into passage_language select unnest($1::text[]) on conflict do nothing

-- name: remove
with gone as (
    delete from passage where document_id = any($1::text[]) returning row_id
),
terms as (
    delete from passage_terms where row_id in (select row_id from gone)
)
delete from passage_unembedded where document_id = any($1::text[])

-- name: passages
select id, document_id, number, text, page, heading from passage where document_id = $1 order by number

-- name: texts
select row_id, heading, text, collection_id, title from passage where document_id = $1 order by row_id

-- name: rows_of
select row_id from passage where document_id = $1 order by row_id

-- name: rename
update passage set name = $2 where document_id = $1

-- name: put_terms
update passage_terms set terms = one.terms::tsvector
from unnest($1::bigint[], $2::text[]) as one (row_id, terms)
where passage_terms.row_id = one.row_id

-- name: counts
select passage.document_id, count(*), count(*) filter (where passage_unembedded.row_id is null)
from passage left join passage_unembedded using (row_id)
group by passage.document_id

-- name: take_unembedded
update passage_unembedded set taken_until = now() + make_interval(secs => $2::float8)
from passage
where passage.row_id = passage_unembedded.row_id and passage_unembedded.row_id in (
    select row_id from passage_unembedded
    where taken_until < now()
    order by row_id
    limit $1::integer
    for update skip locked
)
returning passage.row_id, passage.document_id, passage.heading, passage.text

-- name: give_back
update passage_unembedded set taken_until = '-infinity' where row_id = any($1::bigint[])

-- name: lock_space
select name from vector_space for share

-- name: put_vectors
with done as (
    delete from passage_unembedded where row_id = any($1::bigint[]) returning row_id, document_id, collection_id
),
given as (
    select row_id, $2::real[] as vectors, $3::integer as size, place
    from unnest($1::bigint[]) with ordinality as one (row_id, place)
),
added as (
    insert into passage_embedding (row_id, collection_id, vector)
    select done.row_id, done.collection_id, vectors[(place - 1) * size + 1 : place * size]::halfvec
    from done join given using (row_id)
    on conflict (row_id) do update set vector = excluded.vector
)
select document_id from done order by row_id

-- name: space
select name, dimensions from vector_space

-- name: forget_vectors
drop table if exists passage_embedding;
delete from vector_space;
insert into passage_unembedded (row_id, document_id, collection_id)
select row_id, document_id, collection_id from passage
on conflict do nothing;

-- name: make_vectors
create table passage_embedding (
    row_id bigint primary key references passage on delete cascade,
    collection_id text not null,
    vector halfvec(%(dimensions)s) not null
);
alter table passage_embedding alter column vector set storage %(storage)s;
create index passage_embedding_collection on passage_embedding (collection_id);

-- name: index_vectors
create index passage_embedding_near on passage_embedding using hnsw (vector halfvec_cosine_ops)

-- name: name_space
insert into vector_space values (1, $1, $2)

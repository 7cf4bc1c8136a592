-- Collections and their documents. The passages are the search's, in the same database.

-- name: create_tables
create table collection (
    id text primary key,
    name text not null,
    owner_id text not null,
    description text not null,
    created_at double precision not null,
    unique (owner_id, name)
);
create index collection_owner on collection (('person:' || owner_id));
create table document (
    id text primary key,
    collection_id text not null references collection (id) on delete cascade,
    name text not null,
    sha256 text not null,
    size_bytes bigint not null,
    media_type text not null,
    title text not null,
    state text not null,
    reason text not null,
    pages integer not null,
    added_at double precision not null,
    payer text not null default '',
    fault text not null default '',
    failed_at double precision not null default 0,
    is_kept boolean not null default true,
    completeness text not null default '',
    part_read double precision not null default 0,
    taken_by text,
    taken_until timestamptz not null default '-infinity',
    unique (collection_id, name)
);
create index document_state on document (collection_id, state);
create index document_unfinished on document (added_at, id) where state in ('waiting', 'reading', 'embedding');
create index document_payer on document (payer) where payer <> '';
create index document_content on document (sha256);

-- A subject is what a permission names: everybody, signed-in, person:ID, group:ID or claim:PROVIDER/NAME.
create table permission (
    collection_id text not null references collection (id) on delete cascade,
    subject text not null,
    level integer not null,
    primary key (collection_id, subject)
);
create index permission_subject on permission (subject);
create table people_group (
    id text primary key,
    name text not null,
    created_at double precision not null
);
create unique index people_group_name on people_group (lower(name));
create table group_member (
    group_subject text not null,
    person_subject text not null,
    is_manager boolean not null,
    primary key (group_subject, person_subject)
);
create index group_member_person on group_member (person_subject);

create table rights_revision (number bigint not null);
insert into rights_revision values (1);
create function note_rights() returns trigger language plpgsql as $$
begin
    update rights_revision set number = number + 1;
    return null;
end $$;
create trigger permission_changed after insert or update or delete on permission
for each statement execute function note_rights();
create trigger member_changed after insert or delete on group_member
for each statement execute function note_rights();
create trigger collection_removed after delete on collection
for each statement execute function note_rights();

-- name: note_renamed_groups
-- Models are shared with groups by their names.
create trigger group_renamed after update of name on people_group
for each row when (old.name <> new.name) execute function note_rights();

-- What rights are is said once, in these parts; queries name them in braces. The subjects of whoever asks are $1.

-- name: is_shared
exists (select 1 from permission where collection_id = collection.id and subject = 'everybody' and level >= 2)

-- name: is_own
('person:' || owner_id) = any($1::text[])

-- name: subjects
select unnest($1::text[])
union all
select group_subject from group_member where person_subject = any($1::text[])

-- name: reached
case
    when {is_own} then 4
    else (select max(level) from permission where collection_id = collection.id and subject in ({subjects}))
end

-- name: seen
select id from collection where {is_own}
union
select collection_id from permission where subject in ({subjects})

-- name: is_closed
-- Of a restricted document: it is not there for whoever asks. $1 is null where all is seen.
(
    $1::text[] is not null
    and not exists (select 1 from document_reader where document_id = document.id and subject in ({subjects}))
    and not exists (select 1 from collection where collection.id = document.collection_id and {is_own})
    and not exists (
        select 1 from permission
        where permission.collection_id = document.collection_id and level >= 4 and subject in ({subjects})
    )
)

-- name: is_open
not (is_restricted and {is_closed})

-- name: closed_of
select id from document
where document.collection_id = collection.id and is_restricted and {is_closed}

-- name: counted
id, name, owner_id,
{is_shared},
description, created_at,
(select count(*) from document where collection_id = collection.id),
coalesce(passages, 0),
coalesce(passages - unembedded, 0)

-- name: plain
id, name, owner_id,
{is_shared},
description, created_at, 0, 0, 0

-- name: collections
select {counted}, $2::integer
from collection left join collection_passages on collection_passages.collection_id = id
where $1::text is null or id = $1
order by lower(name), name, id;

-- name: seen_collections
select
    id, name, owner_id,
    {is_shared},
    description, created_at,
    (select count(*) from document where collection_id = collection.id) - (select count(*) from ({closed_of}) as closed),
    coalesce(passages, 0) - (select count(*) from passage where document_id in ({closed_of})),
    coalesce(passages - unembedded, 0) - (select count(*) from passage where document_id in ({closed_of}))
    + (select count(*) from passage_unembedded where document_id in ({closed_of})),
    {reached}
from collection left join collection_passages on collection_passages.collection_id = id
where id in ({seen})
order by lower(name), name, id;

-- name: named_collections
select {plain}, $2::integer
from collection
where $1::text[] is null or id = any($1)
order by lower(name), name, id;

-- name: named_seen_collections
select {plain}, {reached}
from collection
where id in ({seen})
order by lower(name), name, id;

-- name: named_wanted_collections
select * from (
    select {plain}, {reached} as reached
    from collection
    where id = any($2::text[])
    offset 0 -- keeps the right from being computed twice
) as wanted
where reached > 0
order by lower(name), name, id;

-- name: usable
select id
from collection
where id = any($2::text[])
    and (
        {is_own}
        or exists (
            select 1 from permission
            where collection_id = collection.id and level >= 2 and subject in (
                {subjects}
            )
        )
    );

-- name: closed
-- The documents of these collections that are not there for whoever asks.
select id from document where collection_id = any($2::text[]) and is_restricted and {is_closed};

-- name: closed_among
select id from document where id = any($2::text[]) and is_restricted and {is_closed};

-- name: sight
-- Whether there are restricted documents in these collections, whether any is there for whoever asks, and the revision.
select
    exists (select 1 from document where collection_id = any($2::text[]) and is_restricted),
    exists (select 1 from document where collection_id = any($2::text[]) and is_restricted and not {is_closed}),
    number
from rights_revision;

-- name: existing
select id from collection where id = any($1::text[]);

-- name: has_collection
select 1 from collection where id = $1 for key share;

-- name: insert_collection
insert into collection (id, name, owner_id, description, created_at) values ($1, $2, $3, $4, $5)
on conflict (owner_id, name) do nothing;

-- name: let_everybody_use
insert into permission (collection_id, subject, level) values ($1, 'everybody', 2)
on conflict (collection_id, subject) do update set level = greatest(permission.level, 2);

-- name: let_everybody_nothing
delete from permission where collection_id = $1 and subject = 'everybody';

-- name: delete_collection
delete from collection where id = $1;

-- name: change_collection
update collection set name = $2
where id = $1 and not exists (
    select 1 from collection as other
    where other.owner_id = collection.owner_id and other.name = $2 and other.id <> $1
);

-- name: described
id, collection_id, name, sha256, size_bytes, media_type, title, state, reason, pages,
(select count(*) from passage where document_id = document.id),
(select count(*) from passage where document_id = document.id)
- (select count(*) from passage_unembedded where document_id = document.id),
added_at, completeness, part_read, is_restricted

-- name: documents
select {described} from document where collection_id = $2 and {is_open} order by lower(name), name;

-- name: partial
coalesce(jsonb_array_length(nullif(completeness, '')::jsonb -> 'omitted'), 0) > 0

-- name: of_condition
case $4::text
    when '' then true
    when 'unfinished' then state in ('waiting', 'reading', 'embedding')
    when 'partial' then state = 'ready' and {partial}
    else state = $4::text
end

-- name: listed_of
from document
where collection_id = $2
    and ($3::text = '' or strpos(lower(name), lower($3::text)) > 0 or strpos(lower(title), lower($3::text)) > 0)
    and {of_condition}
    and ($5::text[] is null or id = any($5::text[]))
    and {is_open}

-- name: in_order
-- As `hubbub.core.ordering.in_order`.
regexp_replace(
    regexp_replace(
        regexp_replace(normalize(lower(name), NFD), '[\u0300-\u036F]', '', 'g'),
        '([0-9]+)', repeat('0', 20) || '\1', 'g'
    ),
    '0*([0-9]{20,})', '\1', 'g'
) collate "C"

-- name: listed_by_name
with page as (
    select id, {in_order} as place
    {listed_of}
        and ($7::text is null or ({in_order}, id) > ($6::text, $7::text))
    order by place, id
    limit $8::integer
)
select {described}, place from page join document using (id) order by place, id;

-- name: listed_by_name_back
with page as (
    select id, {in_order} as place
    {listed_of}
        and ($7::text is null or ({in_order}, id) < ($6::text, $7::text))
    order by place desc, id desc
    limit $8::integer
)
select {described}, place from page join document using (id) order by place desc, id desc;

-- name: listed_by_added
with page as (
    select id, added_at as place
    {listed_of}
        and ($7::text is null or (added_at, id) > ($6::double precision, $7::text))
    order by place, id
    limit $8::integer
)
select {described}, place from page join document using (id) order by place, id;

-- name: listed_by_added_back
with page as (
    select id, added_at as place
    {listed_of}
        and ($7::text is null or (added_at, id) < ($6::double precision, $7::text))
    order by place desc, id desc
    limit $8::integer
)
select {described}, place from page join document using (id) order by place desc, id desc;

-- name: listed_by_size
with page as (
    select id, size_bytes as place
    {listed_of}
        and ($7::text is null or (size_bytes, id) > ($6::double precision, $7::text))
    order by place, id
    limit $8::integer
)
select {described}, place from page join document using (id) order by place, id;

-- name: listed_by_size_back
with page as (
    select id, size_bytes as place
    {listed_of}
        and ($7::text is null or (size_bytes, id) < ($6::double precision, $7::text))
    order by place desc, id desc
    limit $8::integer
)
select {described}, place from page join document using (id) order by place desc, id desc;

-- name: conditions
select state, {partial}, count(*) from document where collection_id = $2 and {is_open} group by 1, 2;

-- name: document
select {described} from document where id = $2 and {is_open};

-- name: document_named
select {described} from document where collection_id = $2 and name = $3 and {is_open};

-- name: unread
select {described}
from document
where state in ('waiting', 'reading', 'embedding') and state <> 'embedding' and collection_id = any($2::text[])
    and {is_open}
order by added_at, id
limit $3::integer;

-- name: unfinished
select {described} from document where state in ('waiting', 'reading', 'embedding') order by added_at, id;

-- name: put_document
insert into document (
    id, collection_id, name, sha256, size_bytes, media_type, title, state, reason, pages, added_at, payer
)
values ($1, $2, $3, $4, $5, $6, $7, 'waiting', '', 0, $8, $9)
on conflict (collection_id, name) do update set
    sha256 = excluded.sha256,
    size_bytes = excluded.size_bytes,
    media_type = excluded.media_type,
    title = excluded.title,
    state = excluded.state,
    reason = excluded.reason,
    pages = excluded.pages,
    added_at = excluded.added_at,
    payer = excluded.payer,
    fault = '',
    is_kept = true,
    completeness = '',
    part_read = 0,
    taken_by = null,
    taken_until = '-infinity'
returning id;

-- name: mark
update document
set
    state = $3, reason = $4, fault = $5, failed_at = case when $3 = 'failed' then $6::float8 else 0 end,
    title = coalesce($7, title), pages = coalesce($8, pages),
    completeness = coalesce($9, completeness),
    part_read = 0
where id = $1 and sha256 = $2;

-- name: rename
update document set name = $2
where id = $1 and not exists (
    select 1 from document as other where other.collection_id = document.collection_id and other.name = $2
);

-- name: advance
update document set part_read = $3 where id = $1 and sha256 = $2 and state = 'reading';

-- name: forget
delete from document where id = $1;

-- name: states
select state, count(*) from document where $1::text is null or collection_id = $1 group by state;

-- name: passages
select coalesce(sum(passages), 0)::bigint, coalesce(sum(passages - unembedded), 0)::bigint
from collection_passages
where $1::text is null or collection_id = $1;

-- name: contents
select distinct sha256 from document where is_kept;

-- name: queue
-- What another machine is reading now is left out: $2 says which worker asks.
select
    id, collection_id, name, sha256, size_bytes, media_type, title, state, reason, pages, 0, 0, added_at, completeness,
    part_read, is_restricted, owner_id, payer
from (
    select document.*, collection.owner_id,
        row_number() over (partition by payer, owner_id order by document.added_at, document.id) as place
    from document join collection on collection.id = document.collection_id
    where state in ('waiting', 'reading')
        and ($2::text is null or taken_by is null or taken_by = $2 or taken_until < now())
) as waiting
where place <= $1::integer
order by added_at, id;

-- name: take
-- A lease on reading a document: nobody else begins with it until it has run out.
update document set taken_by = $3, taken_until = now() + make_interval(secs => $4::float8)
where id = (
    select id from document
    where id = $1 and sha256 = $2 and state in ('waiting', 'reading')
        and (taken_by is null or taken_by = $3 or taken_until < now())
    for update skip locked
);

-- name: keep
update document set taken_until = now() + make_interval(secs => $2::float8)
where taken_by = $1 and id = any($3::text[]);

-- name: let_go
update document set taken_by = null, taken_until = '-infinity' where id = $1 and taken_by = $2;

-- name: retry
update document set state = 'waiting', fault = ''
where state = 'failed' and is_kept and fault = any($1::text[]);

-- name: kept_bytes
select coalesce(sum(greatest(size_bytes, 4096)), 0)::bigint from document where payer = $1 and is_kept;

-- name: refers_to
select 1 from document where sha256 = $1 and is_kept limit 1;

-- name: drop_failed
update document set is_kept = false where state = 'failed' and fault = 'file' and is_kept and failed_at < $1;

-- Collections and their documents. The table `passage` is the search's, in the same file.

-- name: create_tables
create table collection (
    id text primary key,
    name text not null,
    owner_id text not null,
    is_shared integer not null,
    description text not null,
    created_at real not null,
    unique (owner_id, name)
);
create table document (
    id text primary key,
    collection_id text not null references collection (id) on delete cascade,
    name text not null,
    sha256 text not null,
    size_bytes integer not null,
    media_type text not null,
    title text not null,
    state text not null,
    reason text not null,
    pages integer not null,
    added_at real not null,
    unique (collection_id, name)
);
create index document_state on document (collection_id, state);
create index document_unfinished on document (added_at, id) where state in ('waiting', 'reading', 'embedding');

-- name: add_turns
alter table document add column payer text not null default '';
alter table document add column fault text not null default '';
alter table document add column failed_at real not null default 0;
alter table document add column is_kept integer not null default 1;
create index document_payer on document (payer) where payer <> '';
create index document_content on document (sha256);
update document set fault = case
    when reason like 'Something went wrong inside%' or reason like '%(ModuleNotFoundError%' then 'ours' else 'file' end
where state = 'failed';

-- name: add_completeness
alter table document add column completeness text not null default '';

-- name: add_permissions
-- A subject is what a permission names: everybody, signed-in, person:ID, group:ID or claim:PROVIDER/NAME.
create table permission (
    collection_id text not null references collection (id) on delete cascade,
    subject text not null,
    level integer not null,
    primary key (collection_id, subject)
) without rowid;
create index permission_subject on permission (subject);
create index collection_owner on collection ('person:' || owner_id);
create table people_group (
    id text primary key,
    name text not null unique collate nocase,
    created_at real not null
);
create table group_member (
    group_subject text not null,
    person_subject text not null,
    is_manager integer not null,
    primary key (group_subject, person_subject)
) without rowid;
create index group_member_person on group_member (person_subject);
insert into permission (collection_id, subject, level) select id, 'everybody', 2 from collection where is_shared;
alter table collection drop column is_shared;
create table rights_revision (number integer not null);
insert into rights_revision values (1);
create trigger permission_added after insert on permission begin update rights_revision set number = number + 1; end;
create trigger permission_changed after update on permission begin update rights_revision set number = number + 1; end;
create trigger permission_removed after delete on permission begin update rights_revision set number = number + 1; end;
create trigger member_added after insert on group_member begin update rights_revision set number = number + 1; end;
create trigger member_removed after delete on group_member begin update rights_revision set number = number + 1; end;
create trigger collection_removed after delete on collection begin update rights_revision set number = number + 1; end;

-- name: unscope_claims
-- They named a group of any provider; which one is meant is found out when the server starts.
update permission set subject = 'unscoped:' || substr(subject, 7) where subject like 'claim:%';

-- name: note_renamed_groups
-- Models are shared with groups by their names.
create trigger group_renamed after update of name on people_group when old.name <> new.name
begin update rights_revision set number = number + 1; end;

-- name: add_progress
alter table document add column part_read real not null default 0;

-- What rights are is said once, in these parts; queries name them in braces.

-- name: is_shared
exists (select 1 from permission where collection_id = collection.id and subject = 'everybody' and level >= 2)

-- name: is_own
'person:' || owner_id in (select value from json_each(:subjects))

-- name: subjects
select value from json_each(:subjects)
union all
select group_subject from group_member where person_subject in (select value from json_each(:subjects))

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
-- Of a restricted document: it is not there for whoever asks. :subjects is null where all is seen.
(
    :subjects is not null
    and not exists (select 1 from document_reader where document_id = document.id and subject in ({subjects}))
    and not exists (select 1 from collection where collection.id = document.collection_id and {is_own})
    and not exists (
        select 1 from permission
        where permission.collection_id = document.collection_id and level >= 4 and subject in ({subjects})
    )
)

-- name: is_open
not (is_restricted = 1 and {is_closed})

-- name: closed_of
select id from document
where document.collection_id = collection.id and is_restricted = 1 and {is_closed}

-- name: collections
select
    id, name, owner_id,
    {is_shared},
    description, created_at,
    (select count(*) from document where collection_id = collection.id),
    coalesce(passages, 0),
    coalesce(embedded, 0),
    :most
from collection left join collection_passages on collection_passages.collection_id = id
where :id is null or id = :id
order by name collate nocase, name, id;

-- name: seen_collections
select
    id, name, owner_id,
    {is_shared},
    description, created_at,
    (select count(*) from document where collection_id = collection.id) - (select count(*) from ({closed_of})),
    coalesce(passages, 0) - (select count(*) from passage where document_id in ({closed_of})),
    coalesce(embedded, 0) - (select count(*) from passage where is_embedded = 1 and document_id in ({closed_of})),
    {reached} as reached
from collection left join collection_passages on collection_passages.collection_id = id
where id in ({seen})
order by name collate nocase, name, id;

-- name: named_collections
select
    id, name, owner_id,
    {is_shared},
    description, created_at, 0, 0, 0, :most
from collection
where :ids is null or id in (select value from json_each(:ids))
order by name collate nocase, name, id;

-- name: named_seen_collections
select
    id, name, owner_id,
    {is_shared},
    description, created_at, 0, 0, 0,
    {reached} as reached
from collection
where id in ({seen})
order by name collate nocase, name, id;

-- name: named_wanted_collections
-- The limit keeps the right from being computed twice: 7 µs against 120.
select * from (
    select
        id, name, owner_id,
    {is_shared},
        description, created_at, 0, 0, 0,
    {reached} as reached
    from collection
    where id in (select value from json_each(:ids))
    limit -1
)
where reached > 0
order by name collate nocase, name, id;

-- name: usable
select id
from collection
where id in (select value from json_each(:ids))
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
select id from document indexed by document_restricted
where collection_id in (select value from json_each(:ids)) and is_restricted = 1 and {is_closed};

-- name: closed_among
select id from document
where id in (select value from json_each(:ids)) and is_restricted = 1 and {is_closed};

-- name: sight
-- Whether there are restricted documents in these collections, whether any is there for whoever asks, and the revision.
select
    exists (
        select 1 from document indexed by document_restricted
        where collection_id in (select value from json_each(:ids)) and is_restricted = 1
    ),
    exists (
        select 1 from document indexed by document_restricted
        where collection_id in (select value from json_each(:ids)) and is_restricted = 1 and not {is_closed}
    ),
    number
from rights_revision;

-- name: existing
select id from collection where id in (select value from json_each(:ids));

-- name: has_collection
select 1 from collection where id = :id;

-- name: has_collection_named
select 1 from collection where owner_id = :owner_id and name = :name;

-- name: insert_collection
insert into collection (id, name, owner_id, description, created_at)
values (:id, :name, :owner_id, :description, :created_at);

-- name: let_everybody_use
insert into permission (collection_id, subject, level) values (:id, 'everybody', 2)
on conflict do update set level = max(level, 2);

-- name: let_everybody_nothing
delete from permission where collection_id = :id and subject = 'everybody';

-- name: delete_collection
delete from collection where id = :id;

-- name: described
id, collection_id, name, sha256, size_bytes, media_type, title, state, reason, pages,
(select count(*) from passage where document_id = document.id),
(select count(*) from passage where document_id = document.id and is_embedded = 1),
added_at, completeness, part_read, is_restricted

-- name: documents
select {described}
from document
where collection_id = :collection_id and {is_open}
order by name collate nocase, name;

-- name: partial
coalesce(json_array_length(nullif(completeness, ''), '$.omitted'), 0) > 0

-- name: of_condition
case :condition
    when '' then 1
    when 'unfinished' then state in ('waiting', 'reading', 'embedding')
    when 'partial' then state = 'ready' and {partial}
    else state = :condition
end

-- name: listed_of
from document
where collection_id = :collection_id
    and (:words = '' or instr(fold(name), fold(:words)) or instr(fold(title), fold(:words)))
    and {of_condition}
    and (:ids is null or id in (select value from json_each(:ids)))
    and {is_open}

-- name: listed_by_name
with page as (
    select id, in_order(name) as place
    {listed_of}
        and (:after_id is null or (in_order(name), id) > (:after, :after_id))
    order by place, id
    limit :limit
)
select {described}, place
from page join document using (id)
order by place, id;

-- name: listed_by_name_back
with page as (
    select id, in_order(name) as place
    {listed_of}
        and (:after_id is null or (in_order(name), id) < (:after, :after_id))
    order by place desc, id desc
    limit :limit
)
select {described}, place
from page join document using (id)
order by place desc, id desc;

-- name: listed_by_added
with page as (
    select id, added_at as place
    {listed_of}
        and (:after_id is null or (added_at, id) > (:after, :after_id))
    order by place, id
    limit :limit
)
select {described}, place
from page join document using (id)
order by place, id;

-- name: listed_by_added_back
with page as (
    select id, added_at as place
    {listed_of}
        and (:after_id is null or (added_at, id) < (:after, :after_id))
    order by place desc, id desc
    limit :limit
)
select {described}, place
from page join document using (id)
order by place desc, id desc;

-- name: listed_by_size
with page as (
    select id, size_bytes as place
    {listed_of}
        and (:after_id is null or (size_bytes, id) > (:after, :after_id))
    order by place, id
    limit :limit
)
select {described}, place
from page join document using (id)
order by place, id;

-- name: listed_by_size_back
with page as (
    select id, size_bytes as place
    {listed_of}
        and (:after_id is null or (size_bytes, id) < (:after, :after_id))
    order by place desc, id desc
    limit :limit
)
select {described}, place
from page join document using (id)
order by place desc, id desc;

-- name: conditions
select state, {partial}, count(*) from document
where collection_id = :collection_id and {is_open}
group by 1, 2;

-- name: document
select {described}
from document
where id = :id and {is_open};

-- name: document_named
select {described}
from document
where collection_id = :collection_id and name = :name and {is_open};

-- name: unread
select {described}
from document
where state in ('waiting', 'reading', 'embedding')
    and state <> 'embedding'
    and collection_id in (select value from json_each(:collection_ids))
    and {is_open}
order by added_at, id
limit :limit;

-- name: unfinished
select {described}
from document
where state in ('waiting', 'reading', 'embedding')
order by added_at, id;

-- name: put_document
insert into document (
    id, collection_id, name, sha256, size_bytes, media_type, title, state, reason, pages, added_at, payer
)
values (
    :id, :collection_id, :name, :sha256, :size_bytes, :media_type, :title, 'waiting', '', 0, :added_at, :payer
)
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
    is_kept = 1,
    completeness = '',
    part_read = 0
returning id;

-- name: mark
update document
set
    state = :state, reason = :reason, fault = :fault, failed_at = case when :state = 'failed' then :now else 0 end,
    title = coalesce(:title, title), pages = coalesce(:pages, pages),
    completeness = coalesce(:completeness, completeness),
    part_read = 0
where id = :id and sha256 = :sha256;

-- name: rename
update document set name = :name
where id = :id and not exists (
    select 1 from document as other where other.collection_id = document.collection_id and other.name = :name
);

-- name: advance
update document set part_read = :read where id = :id and sha256 = :sha256 and state = 'reading';

-- name: forget
delete from document where id = :id;

-- name: states
select state, count(*) from document
where :collection_id is null or collection_id = :collection_id
group by state;

-- name: passages
select coalesce(sum(passages), 0), coalesce(sum(embedded), 0)
from collection_passages
where :collection_id is null or collection_id = :collection_id;

-- name: contents
select distinct sha256 from document where is_kept = 1;

-- name: queue
select
    id, collection_id, name, sha256, size_bytes, media_type, title, state, reason, pages, 0, 0, added_at, completeness, part_read,
    is_restricted, owner_id, payer
from (
    select document.*, collection.owner_id,
        row_number() over (partition by payer, owner_id order by document.added_at, document.id) as place
    from document join collection on collection.id = document.collection_id
    where state in ('waiting', 'reading')
)
where place <= :most
order by added_at, id;

-- name: retry
update document set state = 'waiting', fault = ''
where state = 'failed' and is_kept = 1 and fault in (select value from json_each(:faults));

-- name: kept_bytes
select coalesce(sum(max(size_bytes, 4096)), 0) from document where payer = :payer and is_kept = 1;

-- name: refers_to
select 1 from document where sha256 = :sha256 and is_kept = 1 limit 1;

-- name: drop_failed
update document set is_kept = 0 where state = 'failed' and fault = 'file' and is_kept = 1 and failed_at < :before;

-- name: change_collection
update collection set name = coalesce(:name, name) where id = :id;

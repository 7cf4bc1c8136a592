create table quota (
    scope text not null, -- server, group, person, key; or over: which model answers where a bound is reached
    subject text not null, -- empty: each
    texts text not null, -- a JSON array: bounds, or the model of over; empty: none
    set_by text not null,
    set_at real not null,
    primary key (scope, subject)
) without rowid;

create table quota_revision (
    id integer primary key check (id = 1),
    revision integer not null
);

insert into quota_revision (id, revision) values (1, 0);

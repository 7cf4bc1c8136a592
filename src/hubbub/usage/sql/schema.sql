create table usage (
    answer_id text not null,
    place integer not null,
    at integer not null,
    kind text not null,
    outcome text not null,
    person text not null,
    key text not null,
    groups text not null, -- a JSON array
    model text not null,
    deployment text not null,
    questions integer not null,
    input_tokens integer not null,
    cached_tokens integer not null,
    output_tokens integer not null,
    reasoning_tokens integer not null,
    money integer not null, -- in units of 10⁻¹⁰
    is_estimated integer not null,
    primary key (answer_id, place)
) without rowid;

create index usage_at on usage (at);

create table quota_counter (
    scope text not null,
    subject text not null,
    span text not null,
    start integer not null,
    questions integer not null,
    tokens integer not null,
    money integer not null,
    primary key (scope, subject, span)
) without rowid;

create table quota_reservation (
    answer_id text primary key,
    questions integer not null,
    tokens integer not null,
    money integer not null,
    person text not null,
    key text not null,
    groups text not null,
    counters text not null -- a JSON array of [scope, subject, span, start]
) without rowid;

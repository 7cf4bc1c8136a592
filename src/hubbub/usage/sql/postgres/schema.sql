create table usage (
    answer_id text not null,
    place integer not null,
    at bigint not null,
    kind text not null,
    outcome text not null,
    person text not null,
    key text not null,
    groups text[] not null,
    model text not null,
    deployment text not null,
    questions bigint not null,
    input_tokens bigint not null,
    cached_tokens bigint not null,
    output_tokens bigint not null,
    reasoning_tokens bigint not null,
    money bigint not null, -- in units of 10⁻¹⁰
    is_estimated boolean not null,
    primary key (answer_id, place)
);

create index usage_at on usage (at);

create table quota_counter (
    scope text not null,
    subject text not null,
    span text not null,
    start bigint not null,
    questions bigint not null,
    tokens bigint not null,
    money bigint not null,
    primary key (scope, subject, span)
) with (fillfactor = 50);

create table quota_reservation (
    answer_id text primary key,
    questions bigint not null,
    tokens bigint not null,
    money bigint not null,
    person text not null,
    key text not null,
    groups text[] not null,
    counters text not null -- a JSON array of [scope, subject, span, start]
);

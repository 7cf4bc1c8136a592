create table audit_outbox (
    place integer primary key autoincrement, -- never used twice: it says what was taken over already
    entry text not null
);

create table audit_outbox_id (id text not null);

insert into audit_outbox_id values (lower(hex(randomblob(16))));

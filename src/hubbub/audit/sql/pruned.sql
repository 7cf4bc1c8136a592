-- The oldest entries may be deleted once their time is over: the chain goes on from the last of them.
create table audit_start (
    number integer primary key,
    digest blob not null
);

drop trigger audit_is_not_deleted;

create trigger audit_is_not_deleted before delete on audit
when old.number > coalesce((select max(number) from audit_start), 0)
begin
    select raise(abort, 'the audit is append-only');
end;

-- How far entries were taken over that were written beside deeds in other files.
create table audit_taken (
    outbox text primary key,
    place integer not null
) without rowid;

-- What held when the server started last, so that a change is recorded: digests by names.
create table audit_state (
    name text primary key,
    value text not null
) without rowid;

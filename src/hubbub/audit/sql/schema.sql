create table audit (
    number integer primary key,
    entry text not null, -- JSON, whose bytes are what is hashed
    digest blob not null -- SHA-256 of the digest before it and the entry
);

create trigger audit_is_not_changed before update on audit
begin
    select raise(abort, 'the audit is append-only');
end;

create trigger audit_is_not_deleted before delete on audit
begin
    select raise(abort, 'the audit is append-only');
end;

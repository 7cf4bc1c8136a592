create table audit (
    number bigint primary key,
    entry text not null, -- JSON, whose bytes are what is hashed
    digest bytea not null -- SHA-256 of the digest before it and the entry
);

create function keep_audit() returns trigger language plpgsql as $$
begin
    raise exception 'the audit is append-only';
end $$;
create trigger audit_is_not_changed before update or delete or truncate on audit
for each statement execute function keep_audit();

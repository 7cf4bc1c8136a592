create table audit (
  number bigint primary key,
  entry text not null, -- JSON, whose bytes are what is hashed
  digest bytea not null -- SHA-256 of the digest before it and the entry
);

-- The oldest entries may be deleted once their time is over: the chain goes on from the last of them.
create table audit_start (
  number bigint primary key,
  digest bytea not null
);

create function audit_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the audit is append-only';
end
$$;

create function audit_is_kept() returns trigger language plpgsql as $$
begin
  if old.number > coalesce((select max(number) from audit_start), 0) then
    raise exception 'the audit is append-only';
  end if;
  return old;
end
$$;

create trigger audit_is_not_changed before update on audit for each row execute function audit_is_append_only();
create trigger audit_is_not_emptied before truncate on audit for each statement execute function audit_is_append_only();
create trigger audit_is_not_deleted before delete on audit for each row execute function audit_is_kept();

-- How far entries were taken over that were written beside deeds in other databases.
create table audit_taken (
  outbox text collate "C" primary key,
  place bigint not null
);

-- What held when the server started last, so that a change is recorded: digests by names.
create table audit_state (
  name text collate "C" primary key,
  value text not null
);

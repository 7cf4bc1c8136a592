-- name: open
insert into answer (id, owner_id, opened_at) values (?, ?, ?) on conflict do nothing

-- name: owner
select owner_id from answer where id = ?

-- name: append
insert into event (answer_id, number, data) values (?, ?, ?)

-- name: end
update answer set result = ? where id = ?

-- name: read
select number, data from event where answer_id = ? and number > ? order by number limit ?

-- name: results
select result from answer where result is not null and id in (select value from json_each(?))

-- name: unended
select id from answer where result is null order by id

-- name: forget
delete from answer where id in (select value from json_each(?))

-- name: put_piece
insert into person_export_piece (job_id, number, data) values ($1, $2, $3)

-- name: put
insert into person_export (job_id, size_bytes, kept_at) values ($1, $2, $3)

-- name: size
select size_bytes from person_export where job_id = $1

-- name: piece
select data from person_export_piece where job_id = $1 and number = $2

-- name: drop
delete from person_export where job_id = $1

-- name: drop_pieces
delete from person_export_piece where job_id = $1

-- name: drop_old
delete from person_export where kept_at < $1

-- name: drop_loose
delete from person_export_piece
where job_id not in (select job_id from person_export)
and job_id in (select id from person_job where state <> 'waiting')

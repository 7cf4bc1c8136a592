alter table worker add column process text; -- by what others on its machine can tell that it has ended; null: they can't

-- Texts that were stored and are still to be indexed, in the order in which they came.
create table noted (
  place integer primary key,
  id text not null, -- of the message; of the chat, where it is its title
  text text -- only where it is kept nowhere in this database
);

insert into noted (id) select id from unsearched;

drop table unsearched;

-- What is searched: titles, questions and the ends of answers. The texts themselves stand where they always did.
create table searched (
  row integer primary key autoincrement, -- grows with time: the newest is found first
  id text not null unique, -- of the message; of the chat, where it is its title
  chat_id text not null,
  owner_id text not null
);

create index searched_of_chat on searched (chat_id);

create virtual table searched_words using fts5 (
  owner, text, content = '', contentless_delete = 1, tokenize = "unicode61 remove_diacritics 2"
);

-- What was there before, and is still to be taken in.
create table unsearched (id text primary key) without rowid;

insert into unsearched select id from chat union select id from message;

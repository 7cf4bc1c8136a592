alter table answer add column credential text; -- names the key or session that it was asked with, while it is open

alter table message add column fingerprint text; -- of the request, where its sender may repeat it

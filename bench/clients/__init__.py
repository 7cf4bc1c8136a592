"""Other people's clients, unchanged, against Hubbub and a model server that does what it is asked."""

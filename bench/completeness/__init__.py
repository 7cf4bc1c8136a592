"""Compare what is read of documents with a cruder count of their text."""

"""Keep chats and the tree of their messages."""

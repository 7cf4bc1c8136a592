"""Read chats out of the exports of this page and of others."""

"""What Hubbub can do, without HTTP."""

"""Keep who did what, so that nothing of it can be changed unseen."""

"""One module for each kind of attack; whatever `Attack` they hold at their top level is run."""

"""The lab: what a relayed token costs, for Hubbub and its peers in one run, seen from outside over HTTP."""

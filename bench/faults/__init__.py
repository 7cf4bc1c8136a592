"""Let model servers fail in every way they do, a hundred times each, and count what a person sees of it."""

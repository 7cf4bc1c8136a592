"""Feed the readers of foreign bytes with anything at all."""

"""Read files of each known format. They run in the sandbox, so each imports its library when it is used."""

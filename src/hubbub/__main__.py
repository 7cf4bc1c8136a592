"""Run the command line with `python -m hubbub`."""

from hubbub.cli.main import app

app()

"""Start as one of the workers of a server: `python -m hubbub.cli.worker`."""

import gc


def main() -> None:
    """Import what a worker needs, then work."""
    gc.disable()  # until it serves: `collecting_at_rest`
    from hubbub.cli.working import work

    work()


if __name__ == "__main__":
    main()

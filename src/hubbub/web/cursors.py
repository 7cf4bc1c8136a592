"""Write down the place where a page of a list ends, and read it again."""

from hubbub.core.errors import Invalid


def cursor_of(at: float, key: str) -> str:
    """Return what gives what stands behind a thing, by its time and its id."""
    return f"{at!r}.{key}"


def cursor(text: str) -> tuple[float, str]:
    """Return the time and the id that a place was written down from.

    Raises:
        Invalid: it is no such place.
    """
    at, _, key = text.rpartition(".")
    try:
        return float(at), key
    except ValueError as error:
        raise Invalid("`after` is not what `next` of the page before was.") from error

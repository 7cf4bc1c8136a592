"""Read origins: where the pages come from that may speak to the server."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

ANY = "*"
_FORM = re.compile(r"https?://(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_USUAL_PORTS = {"http": ":80", "https": ":443"}
_VARIABLES = ("ALLOWED_ORIGINS", "ALLOWED_ORIGIN")


def origin_of(text: str) -> str:
    """Return an origin as browsers write it: in lower case, without a port that goes without saying.

    Raises:
        ValueError: it is none.
    """
    origin = text.strip().rstrip("/").lower()
    if origin == ANY:
        return ANY
    if not _FORM.fullmatch(origin):
        raise ValueError("must be an origin such as https://www.example.org or http://localhost:5173, without a path")
    return origin.removesuffix(_USUAL_PORTS[urlsplit(origin).scheme])


def origins_in(environ: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return the origins that the samples' variables name, and one sentence for each that can't be used."""
    origins: list[str] = []
    faults: list[str] = []
    for variable in _VARIABLES:
        for text in re.split(r"[;,\s]+", environ.get(variable, "")):
            if not text:
                continue
            try:
                origins.append(origin_of(text))
            except ValueError as error:
                faults.append(f"{variable} names {text[:100]!r}, which {error}.")
    return list(dict.fromkeys(origins)), faults

"""The table of quotas: how much may be used, by whom, in which time."""

from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from hubbub.settings.table import Table, Text
from hubbub.usage.bounds import read_bound


def _bound(text: str) -> str:
    read_bound(text)
    return text


def _zone(name: str) -> str:
    try:
        if name != "UTC":  # which needs no table of time zones
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"there is no time zone {name[:60]!r}; write such as Europe/Berlin") from error
    return name


Bound: TypeAlias = Annotated[str, AfterValidator(_bound)]
Bounds: TypeAlias = tuple[Bound, ...]


class Quotas(Table):
    """How much may be used; by itself as much as is asked. A bound is such as "50 questions per day"."""

    server: Bounds = ()
    """For all together: a number of questions, tokens or money per minute, hour, day or month."""
    group: Bounds = ()
    """For each group, together."""
    person: Bounds = ()
    """For each person. People whom nothing vouches for are counted together by their network address."""
    key: Bounds = ()
    """For each API key."""
    groups: dict[Text, Bounds] = Field(default_factory=dict)
    """For groups, in place of `group`: "group:NAME" for one that was made here, "PROVIDER/NAME" for a provider's."""
    people: dict[Text, Bounds] = Field(default_factory=dict)
    """For people by their ids, in place of `person`."""
    keys: dict[Text, Bounds] = Field(default_factory=dict)
    """For API keys by their ids, in place of `key`."""
    over: str = ""
    """The model that answers where a bound is reached, and is never refused; empty: the question is refused."""
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """Where days and months begin, such as "Europe/Berlin"."""
    currency: str = ""
    """What prices are in, to be shown beside amounts, such as "EUR"."""

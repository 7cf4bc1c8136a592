"""What every table of settings is made of."""

from decimal import Decimal
from ipaddress import ip_network
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from hubbub.core.people import is_subject

Seconds: TypeAlias = Annotated[float, Field(gt=0)]
Count: TypeAlias = Annotated[int, Field(ge=1)]
Price: TypeAlias = Annotated[Decimal, Field(ge=0, decimal_places=4, max_digits=12)]
Text: TypeAlias = Annotated[str, Field(min_length=1)]
Names: TypeAlias = tuple[Text, ...]
Secret: TypeAlias = Annotated[SecretStr, Field(min_length=1)]
HIDDEN = "hidden"
"""Marks what may hold secrets wherever it likes, even as the names of keys."""
Told: TypeAlias = Annotated[dict[str, Any], HIDDEN]
"""What a back end of somebody's own is told."""


def _subject(text: str) -> str:
    if not is_subject(text):
        raise ValueError(f"{text[:60]!r} is nobody; write {WHO}")
    return text


WHO = '"everybody", "signed-in", "group:NAME", "claim:PROVIDER/NAME" or "person:ID"'
Subjects: TypeAlias = tuple[Annotated[str, AfterValidator(_subject)], ...]
"""Who may use something, as rights to collections say it."""


def _network(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError as error:
        raise ValueError("this is no address and no network, such as 10.0.0.7 or 10.0.0.0/8") from error


Network: TypeAlias = Annotated[str, AfterValidator(_network)]


class Table(BaseModel):
    """A table of settings: frozen, and closed to keys that it does not have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

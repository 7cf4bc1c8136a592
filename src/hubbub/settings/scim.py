"""The settings of provisioning by SCIM."""

from typing import Annotated, Literal

from pydantic import AfterValidator, SecretStr

from hubbub.settings.table import Table

TOKEN_CHARACTERS = 32


def _good_token(token: SecretStr) -> SecretStr:
    text = token.get_secret_value()
    if len(text) < TOKEN_CHARACTERS or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"a token has at least {TOKEN_CHARACTERS} letters, digits and signs; `openssl rand -hex 32`")
    if text.startswith("hb-"):
        raise ValueError("this is an API key; the token of SCIM must open nothing else")
    return token


class Scim(Table):
    """Whether this provider also adds, changes and disables people and groups by SCIM 2.0, at `/scim/v2`."""

    token: Annotated[SecretStr, AfterValidator(_good_token)] | None = None
    """What it sends as `Authorization: Bearer …`; at least 32 characters. It opens `/scim/v2` and nothing else. None:
    SCIM is off."""
    known_by: Literal["externalId", "userName"] = "externalId"
    """The attribute that holds what this provider calls a person when they sign in (`subject_claim`). Keep it."""

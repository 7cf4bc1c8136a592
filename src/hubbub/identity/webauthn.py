"""Speak WebAuthn with browsers, by a library that checks what passkeys sign (https://www.w3.org/TR/webauthn-3).

The library takes 0.1 s to import: that is done where it is used, so that servers without accounts do without it. `load`
does it before anybody waits.
"""

import base64
import importlib
import ipaddress
import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from hubbub.core.errors import Invalid, NotSignedIn
from hubbub.core.messages import JsonObject
from hubbub.core.reasons import because
from hubbub.identity.passkeys_sqlite import Passkey

NAME = "Hubbub"
NOT_GOOD = "This passkey can't be used here. Sign in in another way, or try once more."


def load() -> None:
    """Import the library, so that nobody waits for that later. Reads files: not on the loop's thread."""
    importlib.import_module("webauthn")


class Site(NamedTuple):
    """Where the page is: passkeys hold for it alone."""

    host: str
    origin: str


def site_of(address: str) -> Site:
    """Return the site of an address.

    Raises:
        Invalid: it is a plain IP address, for which there are no passkeys.
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return Site(host, f"{parts.scheme}://{parts.netloc}")
    raise Invalid(because("passkey_address"))


def registration_options(site: Site, person_id: str, name: str, known: Sequence[Passkey]) -> tuple[str, bytes]:
    """Return what a browser makes a passkey by, as JSON, and the challenge in it."""
    import webauthn
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=NAME,
        user_name=name,
        user_id=person_id.encode(),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.id) for one in known],
    )
    return webauthn.options_to_json(options), options.challenge


def sign_in_options(site: Site) -> tuple[str, bytes]:
    """Return what a browser signs in by, as JSON, and the challenge in it: any passkey for this site will do."""
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    options = webauthn.generate_authentication_options(
        rp_id=site.host, user_verification=UserVerificationRequirement.REQUIRED
    )
    return webauthn.options_to_json(options), options.challenge


def challenge_in(credential: JsonObject) -> bytes:
    """Return the challenge that a browser's answer is to.

    Raises:
        Invalid: it has not the form of one.
    """
    from webauthn.helpers import base64url_to_bytes, parse_client_data_json
    from webauthn.helpers.exceptions import WebAuthnException

    response = credential.get("response")
    text = response.get("clientDataJSON") if isinstance(response, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not isinstance(text, str):
        raise Invalid(NOT_GOOD, code="bad_passkey")
    try:
        return parse_client_data_json(base64url_to_bytes(text)).challenge
    except (WebAuthnException, ValueError, TypeError) as error:
        raise Invalid(NOT_GOOD, code="bad_passkey", detail=str(error)) from error


def new_passkey(site: Site, challenge: bytes, credential: JsonObject) -> tuple[bytes, bytes, int]:
    """Return the id, the public key and the count of a passkey that a browser has made.

    Raises:
        Invalid: it is not for this site, not to this challenge, or made without looking who the person is.
    """
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        made = webauthn.verify_registration_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise Invalid(NOT_GOOD, code="bad_passkey", detail=str(error)) from error
    return made.credential_id, made.credential_public_key, made.sign_count


def count_of(site: Site, challenge: bytes, credential: JsonObject, passkey: Passkey) -> int:
    """Return how often a passkey says that it was used, if what it has signed is right.

    Raises:
        NotSignedIn: it is not.
    """
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = webauthn.verify_authentication_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise NotSignedIn(NOT_GOOD, code="bad_passkey", detail=str(error)) from error
    return found.new_sign_count


def id_of(credential: JsonObject) -> bytes:
    """Return the id of the passkey in a browser's answer.

    Raises:
        Invalid: it has none.
    """
    text = credential.get("id")
    if not isinstance(text, str):
        raise Invalid(NOT_GOOD, code="bad_passkey")
    return read_id(text)


def read_id(text: str) -> bytes:
    """Return a passkey's id from its text.

    Raises:
        Invalid: it has not the form of one.
    """
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,1400}", text):
        raise Invalid(NOT_GOOD, code="bad_passkey")
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise Invalid(NOT_GOOD, code="bad_passkey") from error


def written_id(passkey_id: bytes) -> str:
    """Return a passkey's id as text."""
    return base64.urlsafe_b64encode(passkey_id).decode().rstrip("=")

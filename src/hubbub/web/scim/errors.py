"""Tell an error as SCIM's clients know it (RFC 7644, section 3.12)."""

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

from hubbub.core.errors import HubbubError, Malformed
from hubbub.web.bodies import headers_of

MEDIA_TYPE = "application/scim+json"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
_TYPES: Mapping[str, str] = {
    "invalid_filter": "invalidFilter",
    "invalid_path": "invalidPath",
    "invalid_value": "invalidValue",
    "invalid": "invalidValue",
    "malformed": "invalidSyntax",
    "mutability": "mutability",
    "no_target": "noTarget",
    "uniqueness": "uniqueness",
}
"""What SCIM calls an error, by our code; others have no name there."""
_BAD_REQUEST = 400
_INVALID = 422


class BadRequest(Malformed):
    """A request can't be done as it stands; `code` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message, code=code)


class Outdated(HubbubError):
    """The resource is not any more what the client knows."""

    code = "outdated"
    status = 412


class ScimJson(Response):
    """A response of SCIM."""

    media_type = MEDIA_TYPE

    def render(self, content: object) -> bytes:
        """Return the content as JSON."""
        return msgspec.json.encode(content)


def scim_error(error: HubbubError) -> Response:
    """Return the response that tells an error."""
    status = _BAD_REQUEST if error.status == _INVALID else error.status  # SCIM knows no 422
    content = {"schemas": [ERROR], "status": str(status), "detail": error.message}
    if status in (_BAD_REQUEST, 409) and (name := _TYPES.get(error.code)):
        content["scimType"] = name
    return ScimJson(content, status_code=status, headers=headers_of(error))

"""Write responses from the house's structs, and describe them for OpenAPI."""

from math import ceil
from typing import Any

import msgspec
from starlette.responses import Response

from hubbub.core.errors import HubbubError, NotSignedIn, RefusedForNow
from hubbub.core.reasons import Value

PROBLEM = "application/problem+json"
_REFERENCE = "#/components/schemas/{name}"


class Json(Response):
    """A response made by msgspec, which knows structs and costs a tenth of what pydantic does."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """Return the content as JSON."""
        return msgspec.json.encode(content)


class Problem(msgspec.Struct, omit_defaults=True):
    """An error before the first byte (RFC 9457). `code` is stable; `detail` is fit for a person."""

    title: str
    status: int
    code: str
    detail: str
    retry_after_seconds: float | None = None
    reason: str = ""
    """A finer code than `code`, where there is one: which sentence `detail` is."""
    values: dict[str, Value] = {}
    """What stands in that sentence, by name."""


def problem(error: HubbubError) -> Response:
    """Return the response that tells an error."""
    wait = error.retry_after_seconds if isinstance(error, RefusedForNow) else None
    content = Problem(type(error).__name__, error.status, error.code, error.message, wait)
    if error.why is not None:
        content.reason, content.values = error.why.code, error.why.values
    return Json(content, status_code=error.status, media_type=PROBLEM, headers=headers_of(error))


def headers_of(error: HubbubError) -> dict[str, str]:
    """Return the headers that go with an error, in whatever form its body is."""
    if isinstance(error, RefusedForNow):
        return {"retry-after": str(max(1, ceil(error.retry_after_seconds)))}
    return {"www-authenticate": "Bearer"} if isinstance(error, NotSignedIn) else {}


def sends(struct: type[Any], status: int = 200, description: str = "") -> dict[int | str, dict[str, Any]]:
    """Return a route's `responses`, for OpenAPI: this struct as JSON."""
    (schema,), components = msgspec.json.schema_components([struct], ref_template=_REFERENCE)
    _components.update(components)
    return {status: {"description": description or "OK", "content": {"application/json": {"schema": schema}}}}


def takes(struct: type[Any]) -> dict[str, Any]:
    """Return a route's `openapi_extra`: its body is this struct as JSON."""
    (schema,), components = msgspec.json.schema_components([struct], ref_template=_REFERENCE)
    _components.update(components)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def complete(openapi: dict[str, Any]) -> dict[str, Any]:
    """Return an OpenAPI document with the schemas that `sends` refers to, and with what errors look like."""
    (schema,), problems = msgspec.json.schema_components([Problem], ref_template=_REFERENCE)
    schemas = openapi.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(_components | problems)
    for name in ("HTTPValidationError", "ValidationError"):  # the framework's own form, which nobody is sent
        schemas.pop(name, None)
    openapi["components"]["responses"] = {
        "Problem": {"description": "What went wrong", "content": {PROBLEM: {"schema": schema}}}
    }
    openapi["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    openapi["security"] = [{"key": []}, {}]  # a key, or none
    for operations in openapi["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"].setdefault("default", {"$ref": "#/components/responses/Problem"})
    return openapi


_components: dict[str, Any] = {}

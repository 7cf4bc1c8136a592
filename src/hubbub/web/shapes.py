"""Give an error the shape that the clients of an address know."""

from collections.abc import Callable
from typing import TypeAlias

from starlette.responses import Response
from starlette.types import Scope

from hubbub.core.errors import HubbubError
from hubbub.web.bodies import problem
from hubbub.web.dialects.sample_errors import sample_error

Shape: TypeAlias = Callable[[HubbubError], Response]

_SHAPES: dict[str, Shape] = {"/chat": sample_error, "/ask": sample_error, "/v0": sample_error}
"""By the beginning of an address; all others are told of a `problem`."""


def told(scope: Scope, error: HubbubError) -> Response:
    """Return the response that tells an error to whoever sent a request."""
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    for beginning, shape in _SHAPES.items():
        if path == beginning or path.startswith(f"{beginning}/"):
            return shape(error)
    return problem(error)

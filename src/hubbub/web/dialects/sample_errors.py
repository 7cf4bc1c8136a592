"""Tell an error in the form of the Azure samples: `{"error": …}` with a status."""

from starlette.responses import Response

from hubbub.core.errors import HubbubError, Unsupported
from hubbub.web.bodies import Json, headers_of

NOT_JSON = "request must be json"
"""What the samples say to any body that is no JSON; their clients compare it."""


def sample_error(error: HubbubError) -> Response:
    """Return the response that tells an error to a client of the samples."""
    text = NOT_JSON if isinstance(error, Unsupported) else error.message
    return Json({"error": text}, status_code=error.status, headers=headers_of(error))

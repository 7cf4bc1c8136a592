"""What every test stands on: blocking calls fail, and so do unexpected errors in the log."""

import logging
from collections.abc import Iterator

import pytest
from blockbuster import blockbuster_ctx


@pytest.fixture(autouse=True)
def _blocking_calls_fail() -> Iterator[None]:
    """A blocking call of ours on the event loop's thread raises BlockingError."""
    with blockbuster_ctx("hubbub"):
        yield


@pytest.fixture(autouse=True)
def _errors_in_the_log_fail(caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest) -> Iterator[None]:
    """An ERROR logged by the package fails the test, unless it is marked `expects_errors`."""
    yield
    if request.node.get_closest_marker("expects_errors") is None:
        errors = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
        assert not errors, f"logged at ERROR: {errors}"

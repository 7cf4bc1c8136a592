"""Turn what PostgreSQL and its driver raise into our errors, with a text that says what to do."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from hubbub.connections.sql import TOO_LARGE_A_NUMBER
from hubbub.core.errors import Invalid, SettingsError, StoreError, StoreFull, StoreLost

ASK = "The server can't store anything now. Tell whoever runs it."

_ODD = "The text holds characters that can't be stored. Remove them and try again."


class Unreachable(StoreError):
    """The connection to the database was lost, or can't be made. It is tried again when it is next needed."""


class InTheWay(StoreError):
    """Another transaction got in the way of this one; nothing was changed."""


class HoldsNul(Invalid):
    """A text holds a NUL, which PostgreSQL takes nowhere."""


_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
_IN_THE_WAY = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.ForeignKeyViolationError)


def again(error: Exception) -> bool:
    """Tell whether a transaction that failed by this may be run again at once."""
    return isinstance(error, InTheWay)


@contextmanager
def store_errors() -> Generator[None]:
    """Turn the driver's errors into ours."""
    try:
        yield
    except asyncpg.DiskFullError as error:
        raise StoreFull("The disk of the database is full. Free some space and try again.") from error
    except asyncpg.ReadOnlySQLTransactionError as error:
        raise Unreachable(ASK, detail=f"PostgreSQL takes no writes: it is a replica ({error}).") from error
    except (asyncpg.UndefinedTableError, asyncpg.InvalidCatalogNameError) as error:
        raise StoreLost(ASK, detail=f"PostgreSQL: {error}.") from error
    except (asyncpg.QueryCanceledError, TimeoutError) as error:  # a time-out is an OSError, too
        detail = f"PostgreSQL did not answer in time ({str(error) or 'no answer'})."
        kind = StoreError if isinstance(error, asyncpg.QueryCanceledError) else Unreachable
        raise kind("The database took too long. Try again in a moment.", detail=detail) from error
    except _IN_THE_WAY as error:
        raise InTheWay("The database could not do this. Try again.", detail=f"PostgreSQL: {error}") from error
    except asyncpg.CharacterNotInRepertoireError as error:
        raise HoldsNul(_ODD) from error
    except (asyncpg.DataError, UnicodeEncodeError) as error:
        if isinstance(error, UnicodeEncodeError) or isinstance(error.__cause__, UnicodeEncodeError):
            raise Invalid(_ODD) from error
        if isinstance(error.__cause__, OverflowError):
            raise Invalid(TOO_LARGE_A_NUMBER) from error
        raise _failed(error) from error
    except _LOST as error:
        raise Unreachable(
            "The database can't be reached now. Try again in a moment.", detail=f"PostgreSQL: {error}"
        ) from error
    except asyncpg.PostgresError as error:
        raise _failed(error) from error


def _failed(error: Exception) -> StoreError:
    return StoreError("The database could not do this. Try again.", detail=f"PostgreSQL: {error}")


@contextmanager
def opening_errors(who: str, *, was_reached: bool = False) -> Generator[None]:
    """Say what to do where a database can't be opened. `who` names it without the password.

    One that `was_reached` before is rightly named in the settings: where it can't be reached now, that may pass.
    """
    try:
        with store_errors():
            yield
    except StoreError as error:
        if was_reached and isinstance(error, Unreachable):
            raise
        cause = error.__cause__
        if isinstance(cause, asyncpg.InvalidPasswordError | asyncpg.InvalidAuthorizationSpecificationError):
            raise _fault(who, f"refuses the name or the password ({cause}). Correct them in the address") from error
        if isinstance(cause, asyncpg.InvalidCatalogNameError):
            raise _fault(who, "has no such database. Make it with `createdb`, or name another one") from error
        if isinstance(cause, asyncpg.InsufficientPrivilegeError):
            raise _fault(who, f"lets this role make no tables ({cause}). Grant it CREATE on its schema") from error
        if isinstance(cause, asyncpg.UndefinedFileError | asyncpg.FeatureNotSupportedError):
            raise _fault(who, f"lacks an extension ({cause}). Install pgvector on the server") from error
        if isinstance(cause, asyncpg.TooManyConnectionsError):
            raise _fault(
                who, f"has no connection left ({cause}). Raise max_connections, or lower database.connections"
            ) from error
        if isinstance(cause, asyncpg.ClientConfigurationError):
            raise _fault(who, f"can't be found ({cause}). Write postgresql://name@host/database") from error
        if isinstance(error, Unreachable):
            raise _fault(who, f"can't be reached ({cause or error}). Start it, or correct the address") from error
        raise


def who_of(url: str) -> str:
    """Return which server and database an address names, without what is secret in it."""
    try:
        parts = urlsplit(url)
        asked = parse_qs(parts.query)
        host = parts.hostname or asked.get("host", ["this machine"])[0]
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "PostgreSQL"
    return f"PostgreSQL at {host}{port}/{unquote(parts.path.lstrip('/'))}"


def password_of(url: str) -> str:
    """Return the password that an address holds, or else PGPASSWORD; empty where there is none."""
    try:
        parts = urlsplit(url)
        given = unquote(parts.password) if parts.password else parse_qs(parts.query).get("password", [""])[0]
    except ValueError:
        given = ""
    return given or os.environ.get("PGPASSWORD", "")


def _fault(who: str, what: str) -> SettingsError:
    return SettingsError([f"database.url: {who} {what}"])

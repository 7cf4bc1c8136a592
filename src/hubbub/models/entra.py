"""Get the tokens of Microsoft Entra ID that Azure's model servers are shown in place of a key, and keep them fresh."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Self, TypeAlias, cast

import msgspec

from hubbub.connections.azure import CredentialKind, open_credential
from hubbub.core.errors import HubbubError, ModelError
from hubbub.models.address import Secret

if TYPE_CHECKING:
    from azure.core.credentials import AccessTokenInfo
    from azure.core.credentials_async import AsyncSupportsTokenInfo, AsyncTokenCredential

logger = logging.getLogger(__name__)

SCOPE = "https://cognitiveservices.azure.com/.default"
"""What a token for Azure OpenAI in Azure's public cloud is good for."""
EARLY_SECONDS = 300.0
"""How long before its end a token is replaced, where nothing says when it should be."""
SPARE_SECONDS = 10.0
"""A token is not used in its last seconds: it would end on its way."""
RETRY_SECONDS = 30.0
"""How soon after one replacement the next is tried, while the token is still good: it failed, or brought the same."""
AGAIN_SECONDS = 60.0
"""How soon after a token was replaced because it was refused the next refusal is taken at its word."""
ACQUIRE_SECONDS = 35.0
"""How long getting a token may take; more than the developer's command line may, so that it is never left behind."""


class SignIn(msgspec.Struct, frozen=True):
    """Who asks for a token, and what for."""

    kind: CredentialKind = "auto"
    tenant_id: str = ""
    client_id: str = ""
    scope: str = SCOPE


class Token(msgspec.Struct, frozen=True):
    """A token; times are seconds since 1970."""

    secret: Secret
    ends_at: float
    refresh_at: float

    @property
    def headers(self) -> dict[str, str]:
        """The headers that carry it."""
        return {"Authorization": f"Bearer {self.secret.reveal()}"}


Acquire: TypeAlias = Callable[[], Awaitable["AccessTokenInfo"]]


class TokenSource:
    """An authorization by tokens: one that is good is shown again and again, and replaced before it ends.

    However many requests need a new one, it is asked for once, and whoever gives up waiting takes it
    from nobody else. While the old one is good it is shown, be the replacement slow or fail. An async
    context manager: leaving it ends the asking.
    """

    hints: ClassVar[Mapping[int, str]] = dict.fromkeys(
        (401, 403), "Check that the identity has the role Cognitive Services OpenAI User on this resource."
    )

    def __init__(self, acquire: Acquire, *, clock: Callable[[], float], seconds: float) -> None:
        self._acquire = acquire
        self._clock = clock
        self._seconds = seconds
        self._token: Token | None = None
        self._asking: asyncio.Task[Token | ModelError] | None = None
        self._retry_at = self._replaced_at = float("-inf")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    async def headers(self) -> dict[str, str]:
        token, now = self._token, self._clock()
        if token is None or now >= token.ends_at - SPARE_SECONDS:
            token = await self._awaited(self._ask())
        elif now >= max(token.refresh_at, self._retry_at):
            self._ask()
        return token.headers

    def refused(self, headers: Mapping[str, str]) -> bool:
        if self._token is None or self._token.headers != headers:
            return True  # another request found it out before: a newer one is there, or on its way
        now = self._clock()
        if now - self._replaced_at < AGAIN_SECONDS:
            return False  # the new one is refused as well: yet another one will not help
        self._replaced_at = now
        self._token = None
        return True

    def hidden(self, text: str) -> str:
        return text.replace(self._token.secret.reveal(), "…") if self._token else text

    async def _awaited(self, asking: "asyncio.Task[Token | ModelError]") -> Token:
        await asyncio.wait([asking])  # who leaves here doesn't end it for the others
        if asking.cancelled():
            raise ModelError("The sign-in to Azure was closed.", code="closed", retryable=False)
        got = asking.result()
        if isinstance(got, ModelError):
            raise ModelError(got.message, code=got.code, retryable=got.retryable, detail=got.detail) from got
        return got

    def _ask(self) -> "asyncio.Task[Token | ModelError]":
        """Return the task that gets a token: the one that is under way, or a new one."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._get(), name="token")
        return self._asking

    async def _get(self) -> Token | ModelError:
        """Get a token and keep it; what went wrong is returned, since nobody may be waiting to hear it."""
        try:
            async with asyncio.timeout(self._seconds):
                info = await self._acquire()
        except Exception as error:  # noqa: BLE001 (azure's credentials raise what they like)
            failure = _failure(error, self._seconds)
            logger.warning("%s", failure.for_operators)
            return failure
        finally:
            now = self._clock()
            self._retry_at = now + RETRY_SECONDS
        early = max(info.expires_on - EARLY_SECONDS, (now + info.expires_on) / 2)
        self._token = Token(Secret(info.token), info.expires_on, early if info.refresh_on is None else info.refresh_on)
        return self._token


class SignIns:
    """The sources of tokens, one for each sign-in, however many models share it. An async context manager."""

    def __init__(self, *, clock: Callable[[], float] = time.time, seconds: float = ACQUIRE_SECONDS) -> None:
        self._clock = clock
        self._seconds = seconds
        self._stack = AsyncExitStack()
        self._sources: dict[SignIn, TokenSource] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def source(self, sign_in: SignIn) -> TokenSource:
        """Return the source of tokens for a sign-in; no token is asked for yet.

        Raises:
            SettingsError: what it needs is not installed, or makes no sense.
        """
        if sign_in not in self._sources:
            async with _credential(sign_in):
                pass  # what is wrong shows now, and the parts are loaded before somebody waits for them
            source = TokenSource(partial(_acquire, sign_in), clock=self._clock, seconds=self._seconds)
            self._sources[sign_in] = await self._stack.enter_async_context(source)
        return self._sources[sign_in]


def _credential(sign_in: SignIn) -> "AbstractAsyncContextManager[AsyncTokenCredential]":
    return open_credential(sign_in.kind, tenant_id=sign_in.tenant_id, client_id=sign_in.client_id)


async def _acquire(sign_in: SignIn) -> "AccessTokenInfo":
    """Ask for a token by a credential of its own: one that is kept would give a refused token again from its cache."""
    async with _credential(sign_in) as credential:
        return await cast("AsyncSupportsTokenInfo", credential).get_token_info(sign_in.scope)


def _failure(error: Exception, seconds: float) -> ModelError:
    """Return what to tell people; azure's own words are for its log: they are long, and may hold what is secret."""
    status: int | None = getattr(error, "status_code", None)
    is_passing = True
    match type(error).__name__:
        case "TimeoutError":
            why = f"it did not come within {seconds:g} s"
        case "ServiceRequestError" | "ServiceResponseError":
            why = "what gives it can't be reached"
        case "CredentialUnavailableError":
            why, is_passing = "there is nobody to sign in as", False
        case _ if status is not None and status < 300:
            why = "the answer holds none"
        case _ if status is not None:
            why, is_passing = f"it was refused with status {status}", status in (408, 410, 429) or status >= 500
        case "ClientAuthenticationError":
            why, is_passing = "the sign-in failed", False
        case name:
            why = error.for_operators if isinstance(error, HubbubError) else name
    hint = "Try again in a moment." if is_passing else "Give this host a managed identity, or run: azd auth login"
    return ModelError(
        "This server could not sign in to ask the model. Try again in a moment, or choose another model.",
        code="no_credential",
        retryable=is_passing,
        detail=f"Azure gave no token to ask the model with: {why}. {hint}",
    )

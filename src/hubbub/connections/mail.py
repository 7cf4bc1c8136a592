"""Send mails through a server, in a thread of its own, and let nobody wait for it."""

import asyncio
import logging
import smtplib
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from types import TracebackType
from typing import Literal, Self

from hubbub.core.errors import Overloaded

logger = logging.getLogger(__name__)

MOST_WAITING = 200


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed in."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str
    password: str = field(repr=False)
    sender: str
    timeout_seconds: float


class Mail:
    """Sends mails one after the other. An async context manager: it waits a while for those that are being sent."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mail")
        self._sending: set[asyncio.Future[bool]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sending:
            await asyncio.wait(self._sending, timeout=self._server.timeout_seconds)
        self._thread.shutdown(wait=False, cancel_futures=True)

    def send(self, to: str, subject: str, text: str) -> "asyncio.Future[bool]":
        """Send a mail in the background. What is returned tells whether the server took it; the log says why not.

        Raises:
            Overloaded: too many wait already.
        """
        if len(self._sending) >= MOST_WAITING:
            raise Overloaded("Too many mails wait to be sent. Try again later.", retry_after_seconds=60)
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._server.sender, to, subject
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="hubbub.invalid")
        message.set_content(text)
        sending = asyncio.get_running_loop().run_in_executor(self._thread, self._send, message)
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)
        return sending

    def _send(self, message: EmailMessage) -> bool:
        server = self._server
        try:
            context = ssl.create_default_context()
            if server.security == "tls":
                with smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout_seconds, context=context) as to:
                    self._hand_in(to, message)
            else:
                with smtplib.SMTP(server.host, server.port, timeout=server.timeout_seconds) as to:
                    if server.security == "starttls":
                        to.starttls(context=context)
                    self._hand_in(to, message)
        except (OSError, smtplib.SMTPException) as error:
            logger.warning("The mail server %s:%s did not take a mail: %s", server.host, server.port, error)
            return False
        return True

    def _hand_in(self, to: smtplib.SMTP, message: EmailMessage) -> None:
        if self._server.user:
            to.login(self._server.user, self._server.password)
        to.send_message(message)

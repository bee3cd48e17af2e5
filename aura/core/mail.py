"""Outgoing mail of the sandbox world: into the sandbox's inbox page instead of the internet."""

from collections.abc import Sequence
from typing import cast

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage, SafeMIMEText, sanitize_address

from aura.core import http
from aura.core.errors import ProviderError


class SandboxInbox(BaseEmailBackend):
    """Posts each message as RFC 822 to the sandbox; its inbox page shows it."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Deliver the messages and return how many arrived.

        Raises ProviderError when the sandbox does not take one, unless `fail_silently`.
        """
        sent = 0
        for message in email_messages:
            if not message.recipients():
                continue
            try:
                self._post(message)
            except ProviderError:
                if not self.fail_silently:
                    raise
                continue
            sent += 1
        return sent

    def _post(self, message: EmailMessage) -> None:
        content = cast("SafeMIMEText", message.message()).as_bytes(linesep="\r\n")
        envelope = ",".join(sanitize_address(to, "utf-8") for to in message.recipients())
        http.request(
            "sandbox",
            "POST",
            settings.SANDBOX_URL,
            "/inbox",
            content=content,
            headers={"Content-Type": "message/rfc822", "X-Envelope-To": envelope},
        )

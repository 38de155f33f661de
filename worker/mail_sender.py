"""One mail to the SMTP server of the settings: encrypted, with the server's certificate checked, in a bounded time."""

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from enum import Enum, auto

import gevent

from app.mail.outbox import Mail
from app.settings import SmtpServer

ANSWER_S = 10.0
# For all of it: a server may send its answers a byte at a time.
SEND_S = 30.0


class Outcome(Enum):
    SENT = auto()
    # This mail will never be taken; others may.
    REFUSED = auto()
    # The server does not take this mail now; others may.
    PUT_OFF = auto()
    # The server cannot be reached, or takes nothing.
    LATER = auto()


class MailSender:
    def __init__(self, server: SmtpServer, sender: str) -> None:
        self._server = server
        self._sender = sender

    def send(self, mail: Mail) -> Outcome:
        """Raises nothing that a server can bring about. What it says is not kept: it has addresses in it."""
        try:
            message = self._message(mail)
        except ValueError:
            return Outcome.REFUSED  # what looked like an address is none
        try:
            with gevent.Timeout(SEND_S, TimeoutError("the mail server is slow")), self._connected() as smtp:
                smtp.send_message(message, to_addrs=[mail.recipient])
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
            return Outcome.REFUSED if all(500 <= code < 600 for code in _codes(error)) else Outcome.PUT_OFF
        except (smtplib.SMTPException, OSError):
            return Outcome.LATER
        return Outcome.SENT

    def _connected(self) -> smtplib.SMTP:
        """Without TLS only to this machine; a server that does not offer it gets nothing."""
        server, context = self._server, ssl.create_default_context()
        smtp: smtplib.SMTP
        if server.is_tls:
            smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=ANSWER_S, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=ANSWER_S)
        try:
            if not server.is_tls and not server.is_this_machine:
                smtp.starttls(context=context)
            if server.user:
                smtp.login(server.user, server.password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = Address(addr_spec=mail.recipient)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(mail.created_at)
        message["Message-ID"] = make_msgid(str(mail.id), domain=parseaddr(self._sender)[1].rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.body)
        return message


def _codes(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError) -> list[int]:
    if isinstance(error, smtplib.SMTPDataError):
        return [error.smtp_code]
    return [code for code, _ in error.recipients.values()]

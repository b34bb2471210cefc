"""News by mail, over a real SMTP server that asks for encryption and a login."""

import asyncio
import email.policy
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from tests.stack import free_ports
from tests.workflow.approvals.conftest import Office, asked
from workflow.bootstrap import Workflow
from workflow.notify.channels import Mail, NotDelivered
from workflow.store import notifications

LOGIN = LoginPassword(b"countersign", b"a password of this test alone")


class Postbox:
    """The other side: keeps what it takes, and takes nothing while it is full."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.is_full = False
        self.got: asyncio.Queue[tuple[Envelope, bool]] = asyncio.Queue()
        self.calls: list[SMTP] = []

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the server's name for it
        if self.is_full:
            return "452 4.2.2 The mailbox is full"
        is_private = session.ssl is not None and bool(session.authenticated)
        self.loop.call_soon_threadsafe(self.got.put_nowait, (envelope, is_private))
        return "250 2.0.0 Taken"

    def wait_until_alone(self) -> None:
        """Until every caller has left: a server that stops earlier leaves their sockets open."""
        until = time.monotonic() + 10
        while any(call.transport is not None for call in self.calls):
            assert time.monotonic() < until, "somebody is still connected"
            time.sleep(0.005)


class PostOffice(Controller):
    """A server that knows who is connected."""

    handler: Postbox

    def factory(self) -> SMTP:
        call = SMTP(self.handler, **self.SMTP_kwargs)
        self.handler.calls.append(call)
        return call


def _authenticate(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
) -> AuthResult:
    return AuthResult(success=data == LOGIN, handled=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a mail server of this test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("mail") / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
async def postbox(certificate: Path) -> AsyncIterator[Postbox]:
    yield Postbox(asyncio.get_running_loop())


@pytest.fixture
def mail(postbox: Postbox, certificate: Path) -> Iterator[Mail]:
    """The way out, to a server that takes nothing unencrypted or from strangers."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    (port,) = free_ports(1)
    server = PostOffice(
        postbox,
        hostname="127.0.0.1",
        port=port,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=_authenticate,
    )
    server.start()
    yield Mail(
        host="127.0.0.1",
        port=port,
        sender="countersign@localhost",
        recipients=("one@localhost", "two@localhost"),
        user=LOGIN.login.decode(),
        password=LOGIN.password.decode(),
    )
    postbox.wait_until_alone()
    server.stop()


@pytest.fixture
async def workflow(
    office: Office, mail: Mail, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Workflow]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    office.settings = office.settings.model_copy(
        update={
            "mail_host": mail.host,
            "mail_port": mail.port,
            "mail_from": mail.sender,
            "mail_to": ", ".join(mail.recipients),
            "mail_user": mail.user,
            "mail_password": SecretStr(mail.password),
        }
    )
    async with office.running() as made:
        yield made


def read(envelope: Envelope) -> EmailMessage:
    assert isinstance(envelope.content, bytes)
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


async def news_of(
    workflow: Workflow, office: Office, *, status: str
) -> notifications.NotificationRow:
    """The only one, once it stands so."""
    async with asyncio.timeout(10):
        while True:
            async with workflow.parts.pool.connection() as connection:
                rows = await notifications.page(
                    connection, office.org_id, status=None, before=None, limit=10
                )
            if [row.status for row in rows] == [status] and (rows[0].last_error or rows[0].sent_at):
                return rows[0]
            await asyncio.sleep(0.02)


async def test_a_request_and_its_decision_come_by_mail(
    office: Office, workflow: Workflow, postbox: Postbox
) -> None:
    asker = office.person("asker", "store_manager", store_ids=(1,))
    approval_id = await asked(workflow, asker)
    envelope, is_private = await asyncio.wait_for(postbox.got.get(), 10)
    assert is_private
    assert envelope.mail_from == "countersign@localhost"
    assert envelope.rcpt_tos == ["one@localhost", "two@localhost"]
    message = read(envelope)
    assert message["Subject"] == "Countersign: approval requested"
    text = message.get_content()
    assert f"Request: {approval_id}" in text
    assert "Asked by: asker" in text
    assert "rentals" not in text  # what was asked is not for whoever reads it elsewhere
    sent = await news_of(workflow, office, status="sent")
    assert message["Message-ID"] == f"<{sent.notification_id}@countersign>"
    await workflow.decisions.reject(office.person("one"), approval_id, "no", None)
    envelope, _ = await asyncio.wait_for(postbox.got.get(), 10)
    assert "Status: rejected" in read(envelope).get_content()


async def test_a_full_mailbox_is_tried_again(
    office: Office, workflow: Workflow, postbox: Postbox
) -> None:
    postbox.is_full = True
    await asked(workflow, office.person("asker", "store_manager", store_ids=(1,)))
    row = await news_of(workflow, office, status="waiting")
    assert row.last_error == "SMTPDataError"
    assert postbox.got.empty()
    postbox.is_full = False
    office.execute("UPDATE notifications SET next_at = now()")
    await asyncio.wait_for(postbox.got.get(), 10)


async def test_a_server_that_nobody_vouches_for_is_told_nothing(
    office: Office, workflow: Workflow, postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    await asked(workflow, office.person("asker", "store_manager", store_ids=(1,)))
    row = await news_of(workflow, office, status="waiting")
    assert row.last_error == "SSLCertVerificationError"
    assert postbox.got.empty()


async def test_a_wrong_password_is_an_error_that_does_not_name_it(
    office: Office, workflow: Workflow, mail: Mail, postbox: Postbox
) -> None:
    await asked(workflow, office.person("asker", "store_manager", store_ids=(1,)))
    row = await news_of(workflow, office, status="sent")
    wrong = Mail(mail.host, mail.port, mail.sender, mail.recipients, mail.user, "wrong password")
    with pytest.raises(NotDelivered) as failed:
        await wrong(row)
    assert str(failed.value) == "SMTPAuthenticationError"
    assert postbox.got.qsize() == 1

"""News of approval requests: signed, tried again, given up, replayed."""

import asyncio
import base64
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from hashlib import sha256
from uuid import uuid4

import httpx
import orjson
import pytest
from aiohttp import web
from pydantic import SecretStr, ValidationError

from contracts.context import UserContext
from kit import internal_token
from tests.workflow.approvals.conftest import Office, asked
from workflow import app
from workflow.bootstrap import Workflow, running
from workflow.notify import channels
from workflow.notify.channels import NotDelivered, Webhook
from workflow.notify.sender import RETRY_SECONDS, Sender
from workflow.store import notifications
from workflow.store.notifications import NotificationRow

SECRET = "whsec_" + base64.b64encode(b"a secret of this test alone").decode()


class Receiver:
    """The other side: it answers what it is told to."""

    def __init__(self) -> None:
        self.status = 200
        self.got: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.put_nowait((headers, await request.read()))
        return web.Response(status=self.status, headers={"Location": "http://127.0.0.1:9/"})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/hook"
    yield receiver
    await runner.cleanup()


@pytest.fixture
async def workflow(office: Office, receiver: Receiver) -> AsyncIterator[Workflow]:
    office.settings = office.settings.model_copy(
        update={"webhook_url": receiver.url, "webhook_secret": SecretStr(SECRET)}
    )
    async with office.running() as made:
        yield made


def is_signed(headers: dict[str, str], body: bytes) -> bool:
    """As a receiver checks it who follows the Standard Webhooks specification."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(base64.b64decode(SECRET.removeprefix("whsec_")), signed, sha256)
    return headers["webhook-signature"] == f"v1,{base64.b64encode(mac.digest()).decode()}"


async def test_a_request_and_its_decision_are_told_and_signed(
    office: Office, workflow: Workflow, receiver: Receiver
) -> None:
    asker = office.person("asker", "store_manager", store_ids=(1,))
    approval_id = await asked(workflow, asker)
    headers, body = await asyncio.wait_for(receiver.got.get(), 10)
    assert is_signed(headers, body)
    assert not is_signed(headers, body + b" ")
    told = orjson.loads(body)
    assert told["type"] == "approval.requested"
    assert told["data"]["approval_id"] == str(approval_id)
    assert b"rentals" not in body  # what was asked is not for whoever reads it elsewhere
    await workflow.decisions.reject(office.person("one"), approval_id, "no", None)
    _, body = await asyncio.wait_for(receiver.got.get(), 10)
    assert orjson.loads(body)["type"] == "approval.decided"
    assert orjson.loads(body)["data"]["by"] == "one"


async def test_what_ends_soon_is_told_once(
    office: Office, workflow: Workflow, receiver: Receiver
) -> None:
    await asked(workflow, office.person("asker", "store_manager", store_ids=(1,)))
    await asyncio.wait_for(receiver.got.get(), 10)
    office.execute("UPDATE approval_requests SET expires_at = now() + interval '1 hour'")
    _, body = await asyncio.wait_for(receiver.got.get(), 10)
    assert orjson.loads(body)["type"] == "approval.expiring"
    count = "SELECT count(*) FROM notifications WHERE event = 'expiring'"
    assert office.count(count) == 1


@pytest.mark.parametrize("status", [500, 404, 302])
async def test_what_is_not_taken_is_tried_again_then_dead_then_replayed(
    office: Office, receiver: Receiver, status: int
) -> None:
    async with running(office.settings) as quiet:  # it has no way out, so it sends nothing itself
        pool = quiet.parts.pool
        approval_id = await asked(quiet, office.person("asker", "store_manager", store_ids=(1,)))
        async with pool.connection() as connection:
            await notifications.queue(
                connection,
                org_id=office.org_id,
                approval_id=approval_id,
                event="requested",
                channels=("webhook",),
                body="{}",
            )
        sender = Sender(pool, {"webhook": Webhook(receiver.url, SECRET)})
        receiver.status = status
        for _ in range(len(RETRY_SECONDS) + 1):
            assert await sender.send_due() == 1
            assert await sender.send_due() == 0  # not before its time
            office.execute("UPDATE notifications SET next_at = now()")
        row = await only(quiet, office)
        assert row.status == "dead"
        assert row.last_error == f"it answered {status}"
        assert receiver.got.qsize() == row.attempts == len(RETRY_SECONDS) + 1
        receiver.status = 200
        async with pool.connection() as connection:
            assert await notifications.replay(connection, office.org_id, row.notification_id)
        await sender.send_due()
        assert (await only(quiet, office)).status == "sent"


async def test_an_admin_finds_what_is_dead_and_sends_it_again(
    office: Office, receiver: Receiver
) -> None:
    settings = office.settings.model_copy(
        update={"webhook_url": receiver.url, "webhook_secret": SecretStr(SECRET)}
    )
    service = app.create(settings)
    receiver.status = 503
    key = settings.internal_token.get_secret_value()

    async def call(method: str, path: str, who: UserContext) -> httpx.Response:
        headers = {internal_token.HEADER: internal_token.sign(who, key)}
        transport = httpx.ASGITransport(service)
        async with httpx.AsyncClient(transport=transport, base_url="http://workflow") as client:
            return await client.request(method, path, headers=headers)

    async def listed(status: str) -> list[dict[str, object]]:
        """What stands so, once something does and was tried."""
        async with asyncio.timeout(10):
            while True:
                path = f"/notifications?status={status}"
                items = (await call("GET", path, office.person("ann", "admin"))).json()["items"]
                if items and (items[0]["sent_at"] or items[0]["last_error"]):
                    return list(items)
                await asyncio.sleep(0.05)

    async with service.router.lifespan_context(service):
        asker = office.person("asker", "store_manager", store_ids=(1,))
        await asked(service.state.workflow, asker)
        first, _ = await asyncio.wait_for(receiver.got.get(), 10)
        assert await listed("waiting")  # what would take hours is over: the next try is the last
        tried = "UPDATE notifications SET attempts = %(tried)s, next_at = now()"
        office.execute(tried, tried=len(RETRY_SECONDS))
        (dead,) = await listed("dead")
        assert dead["last_error"] == "it answered 503"
        assert "body" not in dead
        path = f"/notifications/{dead['notification_id']}/replay"
        assert (await call("POST", path, office.person("one"))).status_code == 403
        assert (await call("GET", "/notifications", asker)).status_code == 403
        stranger = office.person("ann", "admin").model_copy(update={"org_id": uuid4()})
        assert (await call("POST", path, stranger)).status_code == 404
        receiver.status = 204
        assert (await call("POST", path, office.person("ann", "admin"))).status_code == 202
        (sent,) = await listed("sent")
        assert sent["last_error"] == ""
        while not receiver.got.empty():
            last, body = receiver.got.get_nowait()
        assert last["webhook-id"] == first["webhook-id"]  # so a receiver knows it again
        assert is_signed(last, body)


async def _says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def _hangs_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _talks_nonsense(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example.org ESMTP\r\n")
    writer.close()


@pytest.mark.parametrize(
    ("other_side", "error"),
    [
        (_says_nothing, "ReadTimeout"),
        (_hangs_up, "RemoteProtocolError|ReadError"),
        (_talks_nonsense, "RemoteProtocolError|ReadError"),
        (None, "ConnectError"),
    ],
)
async def test_a_broken_other_side_is_not_delivered_to(
    other_side: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]] | None,
    error: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(channels, "SECONDS", 0.3)
    server = await asyncio.start_server(other_side or _hangs_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    if other_side is None:
        server.close()
        await server.wait_closed()
    news = NotificationRow(
        notification_id=uuid4(),
        org_id=uuid4(),
        approval_id=uuid4(),
        event="requested",
        channel="webhook",
        body="{}",
        status="waiting",
        attempts=1,
        next_at=datetime.now(UTC),
        last_error="",
        created_at=datetime.now(UTC),
        sent_at=None,
    )
    with pytest.raises(NotDelivered, match=f"^({error})$"):
        await Webhook(f"http://127.0.0.1:{port}/hook", SECRET)(news)
    server.close()


async def only(workflow: Workflow, office: Office) -> notifications.NotificationRow:
    async with workflow.parts.pool.connection() as connection:
        rows = await notifications.page(
            connection, office.org_id, status=None, before=None, limit=10
        )
    assert len(rows) == 1
    return rows[0]


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook_url": "http://example.org/hook", "webhook_secret": "s"},
        {"webhook_url": "https://example.org/hook"},
        {"webhook_url": "file:///etc/passwd", "webhook_secret": "s"},
        {"mail_host": "mail.example.org"},
        {
            "mail_host": "mail.example.org",
            "mail_to": "one@example.org",
            "mail_user": "one",
            "mail_starttls": "false",
        },
    ],
)
def test_a_way_out_that_could_leak_is_refused_at_start(
    office: Office, changed: dict[str, str]
) -> None:
    given = office.settings.model_dump() | changed
    with pytest.raises(ValidationError):
        type(office.settings).model_validate(given)

"""The Model Context Protocol's door, with the official client, over HTTP, on the whole system."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from tests.stack import Demo

Connect = Callable[..., AbstractAsyncContextManager[Client]]
EVERYONE = {"get_run", "list_metrics", "list_suggestions", "get_receipt"}
RISKY = "Total revenue by customer"
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
BOTH = {"Accept": "application/json, text/event-stream"}


@pytest.fixture
def connect(demo: Demo) -> Connect:
    @asynccontextmanager
    async def as_person(username: str, mode: str = "auto") -> AsyncIterator[Client]:
        headers = {"Authorization": demo.person(username).headers["Authorization"]}
        async with (
            httpx2.AsyncClient(headers=headers, trust_env=False, timeout=60) as http,
            Client(streamable_http_client(demo.url("/mcp"), http_client=http), mode=mode) as client,
        ):
            yield client

    return as_person


async def said(client: Client, tool: str, **arguments: Any) -> tuple[bool, str]:
    """Whether it is an error, and the first text."""
    result = await client.call_tool(tool, arguments)
    return result.is_error, result.content[0].text  # type: ignore[union-attr]


async def followed(client: Client, question: str) -> tuple[Any, list[str]]:
    """The run's state, and what was told of its stages meanwhile."""
    steps: list[str] = []

    async def note(_: float, __: float | None, message: str | None) -> None:
        steps.append(message or "")

    result = await client.call_tool("ask", {"question": question}, progress_callback=note)
    return result.structured_content, steps


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_each_role_asks_in_its_own_scope_under_either_protocol(
    connect: Connect, mode: str
) -> None:
    for username, scope in {
        "admin_user": "all", "manager_store1": [1], "marketing_user": [1, 2], "finance_user": [1],
    }.items():  # fmt: skip
        async with connect(username, mode) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert set(tools) == {"ask", *EVERYONE}
            assert all(tool.output_schema for tool in tools.values())
            works = (await client.call_tool("list_suggestions", {})).structured_content["items"]
            state, steps = await followed(client, works[0]["question"])
            assert (state["status"], state["row_scope"]) == ("completed", scope), state
            assert state["data"]["rows"] or state["data"]["sources"]
            assert steps[0].startswith("rag retrieval: ok") and steps[-1].startswith("completed")
            later = await client.call_tool("get_run", {"run_id": state["run_id"]})
            assert later.structured_content["data"]["answer"] == state["data"]["answer"]
            catalog = (await client.call_tool("list_metrics", {})).structured_content
            assert bool(catalog["metrics"]), username
    for username in ("reviewer_user", "auditor_user"):
        async with connect(username, mode) as client:
            assert {tool.name for tool in (await client.list_tools()).tools} == EVERYONE
            is_error, words = await said(client, "ask", question="Total revenue")
            assert is_error
            assert "does not have the ask permission" in words


async def test_a_waiting_run_is_told_as_waiting_and_found_again_once_a_person_let_it_through(
    connect: Connect, demo: Demo, tmp_path: Path
) -> None:
    async with connect("manager_multi") as client:
        result = await client.call_tool("ask", {"question": RISKY})
        state = result.structured_content
        assert state["status"] == "needs_approval"
        assert state["data"]["rows"] == []
        assert f'get_run with run_id "{state["run_id"]}"' in result.content[0].text
        again = (await client.call_tool("get_run", {"run_id": state["run_id"]})).structured_content
        assert again["status"] == "needs_approval"

        request = f"/api/approvals/{state['data']['approval']['approval_id']}"
        reviewer = demo.person("reviewer_user")
        tag = reviewer.get(request).headers["ETag"]
        approved = reviewer.post(f"{request}/approve", headers={"If-Match": tag}, json={})
        assert approved.status_code == 200, approved.text
        with demo.person("manager_multi").stream(
            "GET", f"/api/runs/{state['run_id']}/events"
        ) as events:
            for _ in events.iter_lines():
                pass
        done = await client.call_tool("get_run", {"run_id": state["run_id"]})
        assert done.structured_content["status"] == "completed"
        assert done.structured_content["data"]["row_count"] > 100
        assert "no instruction" in done.content[1].text

        receipt = await client.call_tool("get_receipt", {"run_id": state["run_id"]})
        (tmp_path / "receipt.json").write_text(json.dumps(receipt.structured_content))
    keys = reviewer.get("/.well-known/countersign-keys.json")
    (tmp_path / "keys.json").write_bytes(keys.content)
    checked = demo.countersign(
        "receipt", "verify", str(tmp_path / "receipt.json"), "--keys", str(tmp_path / "keys.json")
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


async def test_nothing_widens_what_the_token_allows(connect: Connect) -> None:
    async with connect("manager_multi") as owner:
        theirs = (await owner.call_tool("ask", {"question": "Total revenue"})).structured_content
    async with connect("manager_store1") as client:
        for tool in ("get_run", "get_receipt"):
            is_error, words = await said(client, tool, run_id=theirs["run_id"])
            assert is_error, tool
            assert "no such run" in words.lower(), words
        follow_up = {"question": "and by month?", "conversation_id": theirs["conversation_id"]}
        assert await said(client, "ask", **follow_up) == (True, "There is no such conversation.")
        for argument, words in {
            ("store_id", 2): "outside your access scope",
            ("role", "admin"): "not one of yours",
        }.items():
            name, value = argument
            is_error, told = await said(client, "ask", question="Total revenue", **{name: value})
            assert is_error, name
            assert words in told
        assert (await said(client, "list_metrics", role="admin"))[0]
        for stranger in ("store_ids", "is_all_stores", "user_context", "sql"):
            is_error, words = await said(client, "ask", question="Revenue", **{stranger: [1, 2]})
            assert is_error, stranger
            assert f"{stranger}: Extra inputs are not permitted" in words
        result = await client.call_tool("ask", {"question": "Total revenue for store 2"})
        state = result.structured_content
        assert state["row_scope"] == [1]
        assert state["data"]["rows"] in ([], [[None]], [["0.00"]], [["0"]]), state["data"]


async def test_arguments_that_cannot_be_are_refused_in_words(connect: Connect) -> None:
    async with connect("manager_store1") as client:
        for arguments, words in (
            ({}, "question: Field required"),
            ({"question": 5}, "question: Input should be a valid string"),
            ({"question": "x" * 100_000}, "at most 4000 characters"),
            ({"question": " \u200b\x00"}, "question:"),
            ({"question": "Revenue", "store_id": "1"}, "store_id:"),
            ({"question": "Revenue", "store_id": True}, "store_id:"),
            ({"question": "Revenue", "store_id": 10**30}, "store_id:"),
            ({"question": "Revenue", "conversation_id": "no"}, "conversation_id:"),
            ({"question": ["Revenue"]}, "question:"),
        ):
            is_error, told = await said(client, "ask", **arguments)
            assert is_error, arguments
            assert words in told, told
        assert (await said(client, "get_run", run_id="../audit/runs"))[0]
        with pytest.raises(MCPError, match="There is no tool"):
            await client.call_tool("approve", {})
        one = [await client.call_tool("ask", {"question": "Revenue", "idempotency_key": "a b"})]
        one += [
            await client.call_tool("ask", {"question": "Total revenue", "idempotency_key": "k-1"})
            for _ in range(2)
        ]
        assert one[0].is_error
        assert one[1].structured_content["run_id"] == one[2].structured_content["run_id"]


def test_a_stranger_is_told_where_tokens_come_from_and_another_site_is_refused(demo: Demo) -> None:
    def post(**headers: str) -> httpx.Response:
        return httpx.post(demo.url("/mcp"), json=LIST, headers=BOTH | headers, trust_env=False)

    answer = post()
    metadata = demo.url("/.well-known/oauth-protected-resource/mcp")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == f'Bearer resource_metadata="{metadata}"'
    forged = post(Authorization="Bearer eyJhbGciOiJub25lIn0.e30.")
    assert forged.status_code == 401
    assert forged.headers["WWW-Authenticate"].endswith('error="invalid_token"')
    described = httpx.get(metadata, trust_env=False).json()
    assert described["resource"] == demo.url("/mcp")

    token = demo.person("manager_store1").headers["Authorization"]
    assert post(Authorization=token, Host="evil.example").status_code == 421
    assert post(Authorization=token, Origin="https://evil.example").status_code == 403
    assert post(Authorization=token, Origin=demo.url("")).status_code == 200
    unasked = httpx.get(demo.url("/mcp"), headers={"Authorization": token}, trust_env=False)
    assert unasked.status_code == 405
    too_large = httpx.post(
        demo.url("/mcp"), content=b" " * 300_000, headers={"Authorization": token}, trust_env=False
    )
    assert too_large.status_code == 413

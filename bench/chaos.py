"""Kill -9 at random while people ask, approve and reject: `python -m bench.chaos`.

Starts gateway, workflow and PostgreSQL on a folder of their own. Askers ask what has to wait for
one or two people, reviewers decide, and one of the three processes is killed and started again,
over and over. Everybody repeats a call that broke off. When all was asked the killing stops, and
what is in the databases is compared with what has to be there. Prints a table, and ends with 1
where anything is wrong.
"""

import argparse
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import httpx
import orjson

from bench.chaos_checks import Expected, findings
from bench.fleet import POSTGRES, SERVICES, Fleet, running
from tests.stack import PASSWORDS

MONTHS = ("January", "February", "March", "April", "May")
CATEGORIES = ("Action", "Comedy", "Drama", "Family", "Games")
QUESTIONS = tuple(
    f"{category} {{what}} by customer in {month} 2022"
    for month in MONTHS
    for category in CATEGORIES
)
"""Each shows a figure for every customer, and so waits. Who asks about all of them needs two
people for the last ones: they differ only in whom they are about."""
ASKERS = {
    "admin_user": ("rentals", 10),
    "manager_store1": ("rentals", 25),
    "manager_multi": ("rentals", 10),
    "finance_user": ("revenue", 25),
}
"""Of what they ask, and how many different questions."""
REVIEWERS = ("reviewer_user", "reviewer_two", "reviewer_user", "reviewer_two")
AT_ONCE = 16
CANCELLED, REJECTED = 16, 8
"""One in so many, of the requests."""
SOME = 4
"""How many requests a reviewer decides on before looking again, so that few are others' by then."""
AWAY = {502, 503, 504}
LONGEST = 1500.0
PATIENCE = 90.0
"""Seconds until somebody has to answer a call."""


@dataclass
class Trial:
    """People at work, and what they were told. `over` sends reviewers home, and ends the
    killing; from `until` on nobody waits for a run any more."""

    url: str
    seed: int
    until: float
    expected: list[Expected] = field(default_factory=list)
    repeated: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def logged_in(self) -> Iterator[dict[str, httpx.Client]]:
        """Everybody, from when everything is still up."""
        with ExitStack() as stack:
            yield {
                name: stack.enter_context(closing(self._person(name)))
                for name in (*ASKERS, *sorted(set(REVIEWERS)))
            }

    def ask_all(self, people: dict[str, httpx.Client], count: int) -> None:
        """Every question asked, and its run at rest for good. Returns when reviewers are done."""
        with ThreadPoolExecutor(AT_ONCE + len(REVIEWERS)) as threads:
            reviewing = [threads.submit(self._review, people[name]) for name in REVIEWERS]
            for one in reviewing:
                one.add_done_callback(lambda _: self.over.set())
            try:
                asking = [threads.submit(self._ask, people, i) for i in range(count)]
                self.expected.extend(one.result() for one in asking)
            finally:
                self.over.set()
            for one in reviewing:
                one.result()

    def _goes_on(self) -> bool:
        return not self.over.is_set() and time.monotonic() < self.until

    def _ask(self, people: dict[str, httpx.Client], number: int) -> Expected:
        username = list(ASKERS)[number % len(ASKERS)]
        what, different = ASKERS[username]
        place = number // len(ASKERS) % different
        question = QUESTIONS[place].format(what=what)
        person, key = people[username], str(uuid4())
        answer = self._until(
            lambda: person.post(
                "/api/ask", json={"question": question}, headers={"Idempotency-Key": key}
            )
        ).json()
        run_id = answer["run_id"]
        if random.Random(f"{self.seed} {number}").randrange(CANCELLED) == 0:
            self._until(lambda: person.post(f"/api/runs/{run_id}/cancel"), but={409})
        while answer["status"] in ("running", "needs_approval") and self._goes_on():
            time.sleep(0.25)
            answer = self._until(lambda: person.get(f"/api/runs/{run_id}")).json()
        return Expected(UUID(run_id), key, username, question, answer)

    def _review(self, person: httpx.Client) -> None:
        while not self.over.is_set():
            listed = self._until(
                lambda: person.get("/api/approvals", params={"status": "pending", "limit": 100})
            ).json()
            for item in random.sample(listed["items"], min(SOME, len(listed["items"]))):
                self._decide(person, item)
            self.over.wait(0.1)

    def _decide(self, person: httpx.Client, item: dict[str, object]) -> None:
        approval_id = str(item["approval_id"])
        is_no = random.Random(f"{self.seed} {approval_id}").randrange(REJECTED) == 0
        way, body = ("reject", {"reason": "no"}) if is_no else ("approve", {})
        answer = self._until(
            lambda: person.post(
                f"/api/approvals/{approval_id}/{way}",
                json=body,
                headers={"If-Match": f'"{item["version"]}"'},
            ),
            but={409, 412, 403},
        )
        if not answer.is_success:
            self.refused[str(answer.json()["type"]).rpartition(":")[2]] += 1

    def _until(
        self, call: Callable[[], httpx.Response], but: frozenset[int] | set[int] = frozenset()
    ) -> httpx.Response:
        """The call, again and again, until somebody answers it."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                response = call()
            except httpx.HTTPError as error:
                why = type(error).__name__
            else:
                if response.is_success or response.status_code in but:
                    return response
                assert response.status_code in AWAY, (response.status_code, response.text)
                why = str(response.status_code)
            self.repeated[why] += 1
            assert time.monotonic() < deadline, f"nobody answered: {why}"
            time.sleep(0.2)

    def _person(self, username: str) -> httpx.Client:
        client = httpx.Client(
            base_url=self.url,
            timeout=60,
            trust_env=False,
            limits=httpx.Limits(max_connections=None),
        )
        answer = client.post(
            "/api/auth/login", json={"username": username, "password": PASSWORDS[username]}
        )
        answer.raise_for_status()
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client


def kill_until(
    fleet: Fleet, chance: random.Random, over: threading.Event, longest: float
) -> Counter[str]:
    """Kill one of the three, leave it away for a moment, start it again, until `over`; at most
    `longest` seconds are between."""
    killed: Counter[str] = Counter()
    names: list[str] = []
    while not over.wait(chance.uniform(longest / 8, longest)):
        if not names:  # each once before one comes again, in any order
            names = chance.sample((*SERVICES, POSTGRES), 3)
        name = names.pop()
        fleet.kill(name)
        killed[name] += 1
        time.sleep(chance.uniform(0, 1))
        fleet.start(name)
    return killed


def trial(
    asks: int, seed: int, longest: float = 8.0
) -> tuple[list[tuple[str, str]], list[tuple[str, int]]]:
    """What happened, and how often each thing that must not be was found."""
    with running() as fleet:
        began = time.monotonic()
        work = Trial(fleet.url, seed, began + LONGEST)
        with work.logged_in() as people, ThreadPoolExecutor(1) as thread:
            asking = thread.submit(work.ask_all, people, asks)
            asking.add_done_callback(lambda _: work.over.set())
            killed = kill_until(fleet, random.Random(seed), work.over, longest)
            asking.result()
        seconds = time.monotonic() - began
        ended = Counter(one.answer["status"] for one in work.expected)
        told = [
            ("asked", f"{len(work.expected)} in {seconds:.0f} s"),
            ("killed", _counted(killed)),
            ("calls repeated", _counted(work.repeated)),
            ("decisions refused", _counted(work.refused)),
            ("runs ended", _counted(ended)),
        ]
        return told, findings(fleet, work.expected)


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {n}" for name, n in sorted(counter.items())) or "none"


def main() -> None:
    """Prints what happened and what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asks", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    told, found = trial(options.asks, options.seed)
    if options.json:
        print(orjson.dumps({"told": dict(told), "found": dict(found)}).decode())
    else:
        print("| what | |\n| --- | --- |")
        for name, text in told:
            print(f"| {name} | {text} |")
        for name, count in found:
            print(f"| {name} | {count} |")
    sys.exit(1 if any(count for _, count in found) else 0)


if __name__ == "__main__":
    main()

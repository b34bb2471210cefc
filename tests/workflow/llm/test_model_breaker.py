"""The breaker, with a clock of its own."""

from workflow.llm.breaker import Breaker, Weight


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def make() -> tuple[Breaker, Clock]:
    clock = Clock()
    return Breaker(failures=3, rest_seconds=30, clock=clock), clock


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        assert breaker.allows()
        breaker.failed(Weight.ONE, "the model's provider answered 500")


def test_failures_in_a_row_open_it() -> None:
    breaker, _ = make()
    fail(breaker, 2)
    assert breaker.allows()
    breaker.failed(Weight.ONE, "the model's provider answered 503")
    assert not breaker.allows()
    assert breaker.reason == "the model's provider answered 503"


def test_a_success_between_failures_keeps_it_shut() -> None:
    breaker, _ = make()
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    assert breaker.allows()


def test_what_will_not_pass_opens_it_at_once() -> None:
    breaker, _ = make()
    breaker.failed(Weight.ALL, "the model's provider answered 402")
    assert not breaker.allows()


def test_a_fault_of_the_request_does_not_count() -> None:
    breaker, _ = make()
    for _ in range(10):
        breaker.failed(Weight.NONE, "the model's provider answered 400")
    assert breaker.allows()


def test_after_its_rest_one_call_is_let_through_and_success_shuts_it() -> None:
    breaker, clock = make()
    fail(breaker, 3)
    clock.now = 29.9
    assert not breaker.allows()
    clock.now = 30.0
    assert breaker.allows()
    assert not breaker.allows(), "one on trial, no second"
    breaker.succeeded()
    assert breaker.allows() and breaker.allows()


def test_a_failed_trial_starts_the_rest_again() -> None:
    breaker, clock = make()
    fail(breaker, 3)
    clock.now = 30.0
    fail(breaker)
    clock.now = 59.9
    assert not breaker.allows()
    clock.now = 60.0
    assert breaker.allows()


def test_an_abandoned_trial_lets_the_next_one_try() -> None:
    breaker, clock = make()
    fail(breaker, 3)
    clock.now = 30.0
    assert breaker.allows()
    breaker.abandoned()
    assert breaker.allows()


def test_a_trial_that_ends_in_a_bad_request_lets_the_next_one_try() -> None:
    breaker, clock = make()
    fail(breaker, 3)
    clock.now = 30.0
    assert breaker.allows()
    breaker.failed(Weight.NONE, "the model's provider answered 400")
    assert breaker.allows()


def test_late_failures_of_earlier_calls_do_not_lengthen_the_rest() -> None:
    breaker, clock = make()
    fail(breaker, 3)
    clock.now = 20.0
    breaker.failed(Weight.ONE, "late")
    clock.now = 30.0
    assert breaker.allows()

"""How a reading ends when it does not end in a plan."""

from contracts.plan import Plan


class Refused(Exception):
    """The question is understood well enough to say no. `reason` is for the person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unclear(Exception):
    """The question is half understood. `ask` is the question back; `plans` are the readings to
    choose from, best first, each with nothing left open."""

    def __init__(self, ask: str, plans: tuple[Plan, ...] = ()) -> None:
        super().__init__(ask)
        self.ask = ask
        self.plans = plans

"""How long the built-in planner takes for a question: python -m bench.planner"""

import statistics
import time

from tests.workflow.plan.builtin import small_source as source
from workflow.plan.builtin import plan
from workflow.plan.suggestions import suggestions

QUESTIONS = (
    "What is total revenue for my store 1?",
    "top 5 films by revenue in July 2022",
    "How many rentals have not been returned yet?",
    "revenue and rentals by category excluding Horror",
    "reveneu by categroy since May",
    "how many dvds are late",
    "delete all payments",
    "revenue last month vs this month",
)
ROUNDS = 200


def main() -> None:
    """Prints the median and the slowest of each question, in milliseconds."""
    profile, model = source.profiled("admin"), source.restricted("admin")
    person = source.person("admin")
    offered = suggestions(model, person, profile, full_model=source.FULL)
    everything: list[float] = []
    for question in QUESTIONS:
        times = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            plan(
                question, model=model, full_model=source.FULL, profile=profile, context=person,
                suggestions=offered, today=source.TODAY,
            )  # fmt: skip
            times.append((time.perf_counter() - start) * 1000)
        everything += times
        print(f"{statistics.median(times):7.3f} ms  max {max(times):7.3f} ms  {question}")
    print(f"{statistics.median(everything):7.3f} ms  median of all")


if __name__ == "__main__":
    main()

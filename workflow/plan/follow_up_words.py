"""The words by which a question goes on from the one before it."""

# What changes the plan before, where a question goes on from it: "drop Horror", "add rentals".
REVISING = {"drop": "without", "remove": "without", "exclude": "without", "add": "also"}
# What is wished away in earnest, and never part of a plan.
OF_A_DATABASE = frozenset({
    "table", "tables", "database", "databases", "view", "column", "row", "rows", "record",
    "records", "data",
})  # fmt: skip
# What speaks of the answer before, even in a whole sentence.
OF_BEFORE = (
    r"\bof (them|those|these)\b",
    r"\b(was|is|were|are) (that|those|these)\W*$",
    r"\b(did|does|do) (that|those|these)\b",
)

# ... and of the rows in it.
OF_ROWS_BEFORE = (r"\b(they|them|ones)\b",)
# What says that a number is wanted over everything, whatever was asked before.
OF_ALL = (
    r"\b(do|did) we have\b", r"\bare there\b", r"\bin (total|all|general)\b", r"\ball time\b",
    r"\b(total|overall|altogether|ever)\b",
)  # fmt: skip
# What is said of something that a question before has named: "how many were late".
PREDICATES = frozenset({
    "were", "was", "is", "are", "came", "come", "have", "has", "had", "went", "got", "returned",
    "brought", "been", "stayed", "fell", "grew", "rose", "dropped", "declined", "increased",
})  # fmt: skip

# After a comma these take back what was said: "rentals, actually revenue" is not both.
TAKEN_BACK = "actually, no actually, i mean, or rather, rather"

# What adds to what was asked before, where the rest replaces it.
ADDING = frozenset({
    "also", "too", "as well", "in addition", "additionally", "break it down", "break that down",
    "break it down by", "break that down by", "split it", "split that", "split it by",
    "split that by", "further", "add", "next to it", "beside it", "alongside it", "next to that",
    "alongside that", "side by side with it",
})  # fmt: skip

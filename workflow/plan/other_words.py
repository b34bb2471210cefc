"""The words of what is no question after a number: replies to a question back, and questions after
the meaning of a word."""

from workflow.plan.grammar import words

# Replies to a question back: the place of a choice, and the words around it.
PLACES = {
    "first": 0, "1st": 0, "1": 0, "one": 0, "former": 0, "a": 0, "second": 1, "2nd": 1, "2": 1,
    "two": 1, "b": 1, "third": 2, "3rd": 2, "3": 2, "three": 2, "c": 2, "fourth": 3, "4th": 3,
    "4": 3, "four": 3, "last": -1, "latter": -1,
}  # fmt: skip
REPLY_WORDS = words(
    """the option choice number please yes i mean meant want that is it this would like take by
    for in of ok okay thanks reading answer go with"""
)

# What asks for the meaning of a word, not for its value.
DEFINITIONS = (
    r"\bhow (is|are|was|were|do|does) .*\b(calculated?|computed?|measured?|defined?|worked out"
    r"|counted|determined|derived)\b",
    r"\b(definitions?|meaning|formula|calculation) (of|for|behind)\b",
    r"\bwhat (does|do|did) .*\bmean\b",
    r"\bdefine\b",
    r"\bwhat (is|are) meant (by|with)\b",
    r"\bwhat (counts|qualifies) as\b",
    r"\bexplain (what|how|the (term|word|metric|meaning))\b",
    r"^\W*((please|can|could|you|would) )*explain (?!why)",
    r"\bwhat (do|did) (you|we|they) mean\b",
    r"\bwhat goes into\b",
    r"\bwhat (is|are) included in\b",
    r"\bwhat (exactly )?(is|are) (a|an|the (difference|distinction) between)\b",
    r"\bhow (do|does|did|would) (you|we|they|one) (work out|arrive at|get to|come up with)\b",
    r"\bhow (?!many|much|often|long|far)[\w -]+ (is|are|was|were|gets?) (calculated|computed"
    r"|measured|defined|worked out|counted|determined|derived)\b",
    r"\bwhat (exactly |precisely )?(do|did|does) (you|we|they|one|people) (exactly |actually )?"
    r"(mean|understand|call)\b",
    r"\bwhat (is|are|does|do) .*\b(stand for|consist of|refer to|made up of)\b",
    r"\bwhat('?s| is) behind the (number|figure|metric|term|word)\b",
    r"\b(do|does) .*\b(include|contain|cover|comprise|count (as|towards?))\b",
    r"^\W*(is|are) .*\b(included in|(?<!the )part of|counted (in|as|towards?))\b",
    r"\bwhen (is|are|does|do) .*\b(considered|(counted|treated|regarded|count|seen) as)\b",
)

"""The words of the built-in planner's English, as data.

To teach it a way of saying something, add the words here and an example to
`tests/workflow/plan/builtin/examples.yaml`. Words of a particular source never belong here:
they are names, labels and synonyms of its semantic model.
"""

from enum import StrEnum

from contracts.plan import Grain


def words(text: str) -> frozenset[str]:
    """The words of a text, so that a list reads as a list."""
    return frozenset(text.split())


class Mark(StrEnum):
    """What a word of the grammar does in a question."""

    BY = "by"
    ALL = "all"
    MY = "my"
    HOW_MANY = "how many"
    HOW_MUCH = "how much"
    HOW_LONG = "how long"
    AVERAGE = "average"
    TOTAL = "total"
    MOST = "most"
    LEAST = "least"
    WHICH = "which"
    WHO = "who"
    AND = "and"
    VERSUS = "versus"
    NOT = "not"
    PREPOSITION = "preposition"
    SOFT = "soft"
    LIST = "list"
    TREND = "trend"
    EARN = "earn"
    ABOVE = "gt"
    AT_LEAST = "gte"
    BELOW = "lt"
    AT_MOST = "lte"
    ORDER_BY = "order by"
    ASCENDING = "ascending"
    DESCENDING = "descending"
    FUTURE = "future"


# One way of saying it a line or a comma; several words are one way, matched before shorter ones.
WORDS: dict[Mark, str] = {
    Mark.BY: """by, per, each, every, for each, for every, in each, at each, of each, by each,
        split by, split out by, broken down by, break down by, breakdown by, breakdown per,
        grouped by, group by, separated by, divided by, across, across the, in every, at every,
        for the different, by the different, as per, according to""",
    Mark.ALL: "all, all of, all the, any, the whole of, both, both of, the different",
    Mark.MY: "my, our, the, this, your, mine, ours",
    Mark.HOW_MANY: """how many, number of, the number of, count of, count, counts, how often,
        how many times, quantity of, no of, volume of""",
    Mark.HOW_MUCH: "how much, amount of money, how much money, money",
    Mark.HOW_LONG: "how long",
    Mark.AVERAGE: "average, avg, mean, on average, averaged, average of, averages",
    Mark.TOTAL: """total, totals, sum, sum of, sum total, overall, altogether, in total, in all,
        combined, total of, entire, grand total, the total amount of, total amount of""",
    Mark.MOST: """most, top, best, highest, largest, biggest, greatest, maximum, max, strongest,
        leading, the most, at the top""",
    Mark.LEAST: """least, bottom, worst, lowest, smallest, fewest, minimum, min, weakest, the
        least, poorest""",
    Mark.WHICH: "which, what, which of, which of the, what kind of, which kind of, what type of",
    Mark.WHO: "who, whose",
    Mark.AND: "and, or, &, plus, as well as, and also, along with, together with, ;, /",
    Mark.VERSUS: """versus, vs, against, compared to, compared with, compare, comparing, v, in
        comparison to, in comparison with, comparison of, comparison between, relative to,
        difference between, comparison""",
    Mark.NOT: """not, no, without, excluding, except, except for, exclude, other than, but not,
        non, outside, outside of, apart from, never, leaving out, leave out, ignoring, besides,
        not including, all but, everything but, anything but, anywhere but, not counting, ! =, <
        >, nor""",
    Mark.PREPOSITION: """in, for, at, on, of, from, to, with, during, within, inside, among,
        amongst, through, into, under, over, about, as, via, between, within the, off""",
    Mark.LIST: "list, list of, lists, names of, name, enumerate, list all, a list of",
    Mark.EARN: """earn, earned, earns, spend, spent, spends, gross, grossed, bring in, brought
        in, take in, took in, taken in, pull in, pulled in, brings in, takes in, took, take,
        taken, takes""",
    Mark.TREND: """over time, trend, trends, trend of, trending, timeline, time series,
        development of, evolution of, develop, developed, evolve, evolved, progress, progressed,
        by date, by time, through time, over the time""",
    Mark.ABOVE: "more than, over, above, greater than, exceeding, higher than, >, longer than",
    Mark.AT_LEAST: "at least, no less than, no fewer than, minimum of, > =",
    Mark.BELOW: "less than, fewer than, under, below, lower than, <, shorter than",
    Mark.AT_MOST: "at most, no more than, up to, maximum of, not more than, < =",
    Mark.ORDER_BY: """sorted by, sort by, ordered by, order by, ranked by, rank by, ranking by,
        ranked, ranked on, measured by, in terms of, based on, when ranked by, ranking of""",
    Mark.ASCENDING: "ascending, asc, in ascending order, lowest first, from lowest to highest",
    Mark.DESCENDING: """descending, desc, in descending order, highest first, largest first,
        from highest to lowest""",
    Mark.FUTURE: """will, next, next month, next week, next year, next quarter, next day,
        tomorrow, forecast, forecasts, predict, prediction, predictions, projection, projected,
        in the future, coming month, coming week, coming year, upcoming, expected""",
    # No bearing on the number. A word that could change it must not stand here.
    Mark.SOFT: """show, display, give, view, table of, fetch, pull up, pull, a, an, is, are,
        was, were, be, been, being, am, do, does, did, done, has, have, had, having, can, could,
        would, will you, should, will i, please, kindly, thanks, thank you, thank, something,
        anything, hi, hello, hey, me, i, we, us, for us, to us, you, they, it, its, that, those,
        these, there, their, then, so, now, just, only, also, really, exactly, actually,
        currently, today's, want, wanted, need, like, would like, want to know, know, tell, tell
        me, give me, show me, find, find out, calculate, compute, work out, look at, let, let
        me, need to, how, how is, how are, how was, how were, how about, what about, what is,
        what are, what was, what were, what did, what has, what have, what's, where, when, which
        is, business, company, performance, result, results, figure, figures, number, numbers,
        data, report, overview, summary, breakdown, stats, statistics, value, values, chart,
        graph, plot, table, bar chart, line chart, pie chart, ?, !, ., :, -, ", ', (, ), #, $,
        €, £, =, _, for me, to me, in the data, in our data, so far, up to now, to date, ever,
        of all time, all time, in the database, in the system, who is, who are, come, comes,
        coming from, came, came from, come from, go, went, get, gets, got, happen, happened,
        made, make, makes, generate, generated, bring, brought, produce, produced, see, saw,
        seen, yet, still, already, made by, belonging to, rated, called, named, titled,
        entitled, if any, living, live, lives, located, based, individual, different, various,
        respective, respectively, while, the same, same, ok, okay, doing, performing, good
        morning, good afternoon, good evening, create, draw, build, prepare, write, much, many,
        hence, wonder, wondering, question, quick, quickly, again, down, up, out, terms, which
        one, ones, given, looking, interested, interested in, rank, sort, rank the, sort the,
        would you, could you, can you, can i, may i""",
}

# Words inside a name may be separated by these ("not been returned" is "not returned").
INNER = words("been be being was were is are yet of who that which have has had did do does")
# ... and by these after an "of" ("length of a trip").
ARTICLES = words("a an the")

UNITS: dict[str, Grain] = {
    "day": "day", "week": "week", "month": "month", "quarter": "quarter", "year": "year",
}  # fmt: skip
GRAINS: dict[str, Grain] = {
    **UNITS,
    "daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter",
    "yearly": "year", "annual": "year", "annually": "year", "date": "day",
    "day by day": "day", "week by week": "week", "month by month": "month",
    "quarter by quarter": "quarter", "year by year": "year", "calendar month": "month",
    "a day": "day", "a week": "week", "a month": "month", "a quarter": "quarter", "a year": "year",
    "calendar week": "week", "calendar year": "year", "calendar day": "day",
}  # fmt: skip
ADVERB_GRAINS = frozenset(GRAINS) - frozenset(UNITS) - {
    "date", "calendar month", "calendar week", "calendar year", "calendar day",
}  # fmt: skip
# Parts of time that no plan can group or filter by: kept whole, so that "by day of the week" is
# not read as "by day".
UNREADABLE_TIME = """day of the week, day of week, days of the week, weekday, weekdays, weekend,
    weekends, time of day, time of the day, hour, hours, hour of day, hour of the day, month of
    the year, day of the month, day of month, monday, mondays, tuesday, tuesdays, wednesday,
    wednesdays, thursday, thursdays, friday, fridays, saturday, saturdays, sunday, sundays, month
    over month, year over year, week over week, month on month, year on year, hourly, mom, yoy,
    quarter over quarter, end of the month, fortnight, decade, season, minute, minutes"""

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan", "february feb", "march mar", "april apr", "may", "june jun",
            "july jul", "august aug", "september sep sept", "october oct", "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
# Month names that are words of their own; read as months only where a month is likely.
DOUBTFUL_MONTHS = frozenset({"may", "march", "mar"})

# Small words that are abbreviations of places after these.
PLACE_WORDS = words("us")
BEFORE_A_PLACE = words("in the from across outside within inside")

# What a metric's unit is called, where a question says it ("duration in days").
UNIT_WORDS = {"days": "days"}

# A superlative of use, not of an amount: it means the rows are counted.
POPULAR = frozenset({"popular", "popularity", "frequent", "frequently", "often", "common", "busy"})

# Values that are everyday adjectives, so that only a label beside them makes them values.
WEAK_VALUES = words(
    """new old good great other general all none unknown yes no open closed active any some true
    false high low big small early late first last a an i r g x"""
)

WRITE_VERBS = words(
    """delete update drop insert alter truncate grant revoke remove change modify edit set write
    rename overwrite purge wipe erase cancel refund create add replace merge correct adjust clear
    destroy reset"""
)
# What may stand before a verb that is a wish ("please delete", "I want you to drop").
BEFORE_A_WISH = words(
    """please could would you want need to and then now just kindly let lets us also , . ; ! : -
    ahead must should"""
)
# What one may wish to "create" or "write" without changing any data.
DISPLAYS = words(
    "chart graph report table list plot summary overview dashboard diagram breakdown me"
)
# Symbols that would change a number; the others only decorate.
MEANINGFUL_SYMBOLS = frozenset("%+*^<>~|±")

INJECTIONS = (
    r"\b(ignore|disregard|forget|override|bypass|overrule)\b.{0,40}"
    r"\b(instruction|rule|prompt|restriction|scope|guardrail|polic|filter|permission|above"
    r"|previous|limit|security|access)",
    r"\b(system|developer)\s+(prompt|message|instruction)",
    r"\b(you are|act as|pretend|behave as|role ?play)\b.{0,40}"
    r"\b(now|admin|administrator|root|developer|unrestricted|if|superuser)\b",
    r"\b(jailbreak|dan mode|developer mode|god mode|sudo)\b",
    r"</?\s*(system|user|assistant|instruction|script|prompt)",
    r"\b(as|like|were|am|i'm)\s+(an?|the)?\s*(admin|administrator|superuser|root)\b",
)
SQL = (
    r"\bselect\s+(distinct\s+)?[\w.\"*]+(\s*,\s*[\w.\"*]+)*\s+from\b",
    r"\bselect\s+(distinct\s+)?\w+\s*\(",
    r"\bunion\s+(all\s+)?select\b",
    r"\b(drop|alter|create|truncate)\s+"
    r"(table|view|database|schema|role|user|index|function)\b",
    r"\binsert\s+into\b",
    r"\bdelete\s+from\b",
    r"\bupdate\s+\w+\s+set\b",
    r"\bwhere\s+\d+\s*=\s*\d+",
    r";\s*--",
    r"'\s*or\s+'?\d",
    r"\bpg_\w+\s*\(",
    r"\binformation_schema\b",
    r"\bgroup\s+by\b.+\bhaving\b",
    r"/\*.*\*/",
    r"\bor\s+1\s*=\s*1\b",
    r"\bcount\s*\(\s*\*\s*\)",
    r"\bcopy\b.+\bto\s+program\b",
)

# What is asked of people and is never in a masked source.
PERSONAL_WISHES = """email, emails, e mail, e mails, mail address, email address, email addresses,
    mail addresses, phone, phones, phone number, phone numbers, telephone, telephone number,
    telephone numbers, mobile number, home address, home addresses, address, addresses, street,
    postcode, postal code, zip code, full name, full names, real name, real names, last name, last
    names, first name, first names, surname, surnames, unmasked, birthday, birthdays, date of
    birth, credit card, card number, bank account, contact details, contact information, password,
    passwords, api key, api keys, secret key, salary, salaries, personal data, personal details"""

# Function words of other languages that are not English words.
FOREIGN = words(
    """wie viel viele welche welcher welches der das und nicht ist sind wird wurde umsatz zeige
    kunden im mit gesamt bitte quel quelle quels combien les des est sont avec pour dans montre
    chiffre cual cuál cuanto cuánto cuantos cuántos cuantas qué que el los las del una por para
    ventas ingresos mostrar quanto quanti quale il della delle qual quantos quantas receita vendas
    hoeveel wat het een van omzet mostra"""
)

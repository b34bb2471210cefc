"""The words of the built-in planner's English, as data.

To teach it a way of saying something, add the words here and an example to
`tests/workflow/plan/builtin/examples.yaml`. Words of a particular source never belong here:
they are names, labels and synonyms of its semantic model.
"""

from decimal import Decimal
from enum import StrEnum

from contracts.plan import WidgetType
from workflow.plan.light_words import LIGHT


def words(text: str) -> frozenset[str]:
    """The words of a text, so that a list reads as a list."""
    return frozenset(text.split())


class Mark(StrEnum):
    """What a word of the grammar does in a question."""

    BY = "by"
    ALL = "all"
    MY = "my"
    REQUEST = "request"
    NEW = "new"
    HOW_MANY = "how many"
    TIMES = "how many times"
    HOW_MUCH = "how much"
    HOW_LONG = "how long"
    AVERAGE = "average"
    TOTAL = "total"
    SUM = "sum"
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
    EXACTLY = "eq"
    ORDER_BY = "order by"
    ASCENDING = "ascending"
    DESCENDING = "descending"
    FUTURE = "future"
    THAN = "than"
    CHANGE = "change"
    COMPARATIVE = "comparative"
    NEWEST_FIRST = "newest first"
    OLDEST_FIRST = "oldest first"
    FROM_A = "from a"
    FROM_Z = "from z"
    PERIOD_BEFORE = "the period before"
    YEAR_BEFORE = "the year before"
    SHARE = "share"
    RUNNING = "running total"
    WITHIN = "within each"
    TIES = "ties"
    WHY = "why"
    FOLLOW = "follow-up"
    FLIP = "the other way round"


# What goes down; the other words of change go up, or do not say.
FALLING = """fall, fell, fallen, falls, falling, fall in, drop, dropped, drops, drop in, dropping,
    decline, declined, declines, decline in, decline of, declining, decrease, decreased, decreases,
    decrease in, decrease of, shrink, shrank, shrunk, shrinking, went down, go down, gone down, is
    down, are down, was down, were down, down from, down on, is down from, is down on, was down
    from, are down from, are down on, loss in, lose, lost, dip, dip in, dipped, reduction in,
    down"""
# Who is asked for by "who".
PEOPLE = words("customer client member staff employee clerk payer renter borrower person user name")
RISING = """grow, grew, grown, growing, increase, increased, increases, rise, rose, risen, went up,
    go up, gone up, is up, are up, was up, were up, up from, up on, is up from, is up on, was up
    from, are up from, are up on, improve, improved, up"""
# What "as a ..." asks for.
WIDGETS: dict[str, WidgetType] = {
    "table": "table", "table of": "table",
    "bar chart": "bar", "bar graph": "bar", "bars": "bar", "bar": "bar", "column chart": "bar",
    "line chart": "line", "line graph": "line", "line": "line", "lines": "line", "curve": "line",
    "pie chart": "pie", "pie": "pie", "pie graph": "pie", "donut": "pie", "donut chart": "pie",
    "single number": "metric", "big number": "metric", "kpi": "metric",
}  # fmt: skip
# A picture, whichever fits.
PICTURES = words("chart graph plot diagram visual visually picture visualisation visualization")

# One way of saying it a line or a comma; several words are one way, matched before shorter ones.
WORDS: dict[Mark, str] = {
    Mark.BY: """by, per, each, every, for each, for every, in each, at each, of each, by each,
        split by, split out by, broken down by, break down by, breakdown by, breakdown per,
        grouped by, group by, separated by, divided by, across, across the, in every, at every,
        for the different, by the different, as per, according to, whether, whether or not, by
        whether, and whether, and by, as well as by, split on, split per, divided into, for all
        the different,
        in dependence of, depending on, dependent on, on each, from each, as a function of, arranged
        by, itemised by, itemized by, sliced by, slice by, slice it by, for each of, each of, each
        of the, each of our, by each of, split up by, cut by, spread over the,
        distributed over the""",
    Mark.ALL: """all, all of, all the, any, the whole of, both, both of, the different, everything,
        everyone, everybody, the whole company, the whole business, the whole chain, whole company,
        whole business, whole chain, the entire company, the entire business""",
    Mark.MY: "my, our, the, this, your, mine, ours",
    Mark.HOW_MANY: """how many, number of, the number of, count of, count, counts, quantity of, no
        of, volume of, qty, qty of, num, num of, nr of""",
    Mark.TIMES: "how often, how many times, number of times, times",
    Mark.HOW_MUCH: "how much, amount of money, how much money, money",
    Mark.HOW_LONG: "how long",
    Mark.AVERAGE: "average, avg, mean, on average, averaged, average of, averages",
    Mark.TOTAL: """total, totals, sum, sum of, sum total, overall, altogether, in total, in all,
        combined, together, taken together, total of, entire, grand total, the total
        amount of, total amount of,
        tot, tot of, ttl""",
    Mark.SUM: """sum, sum of, sum total, total of, combined, together, altogether, taken together,
        in total, in all""",
    Mark.MOST: """most, top, best, highest, largest, biggest, greatest, maximum, max, strongest,
        leading, the most, at the top, busiest, the busiest, peak, the peak""",
    Mark.LEAST: """least, bottom, worst, lowest, smallest, fewest, minimum, min, weakest, the
        least, poorest, quietest, the quietest, slowest, the slowest""",
    Mark.WHICH: "which, what, which of, which of the",
    Mark.WHO: "who, whose",
    Mark.AND: "and, or, &, plus, as well as, and for, and also, along with, together with, ;, /",
    Mark.VERSUS: """versus, vs, against, compared to, compared with, compare, comparing, v, in
        comparison to, in comparison with, comparison of, comparison between, relative to,
        difference between, comparison, compare to, compare with, compares to, compares with,
        compared against, compared, as opposed to, side by side,
        next to each other, beside each other, alongside each other, one next to the other, next to,
        alongside, difference of, difference in, difference,
        the difference""",
    Mark.THAN: "than, more than in, less than in, higher than in, lower than in",
    Mark.CHANGE: f"""{FALLING}, {RISING}, change, changes, changed, change in, changes in, change
        of, growth, growth in, growth of, growth rate, growth rate of, increase in, increase of,
        rise in, delta, delta of, movement in, move, moved, shift in, shifted, by how much""",
    Mark.COMPARATIVE: """busier, quieter, better, worse, higher, lower, more, less, fewer, bigger,
        smaller, larger, stronger, weaker""",
    Mark.NEWEST_FIRST: """newest first, latest first, most recent first, newest at the top, in
        reverse chronological order, from newest to oldest""",
    Mark.OLDEST_FIRST: """oldest first, earliest first, chronologically, in chronological order,
        from oldest to newest""",
    Mark.FROM_A: "alphabetically, in alphabetical order, alphabetical, from a to z, a to z",
    Mark.FROM_Z: "in reverse alphabetical order, from z to a, z to a",
    Mark.PERIOD_BEFORE: """the period before, previous period, the previous period, the prior
        period, prior period, preceding period, the preceding period, the period before that, the
        month before, week before, month before, quarter before, the week before, the day before,
        the quarter before, the month before that,
        the previous one, the one before, period over period, a month earlier, a week earlier, a
        day earlier, a quarter earlier, the preceding month, the preceding week, the preceding
        quarter, the preceding day, previous month's, the month prior, the week prior""",
    Mark.YEAR_BEFORE: """same month last year, same period last year, same time last year, same
        quarter last year, same week last year, same day last year, same month of last year, same
        period of last year, same quarter of last year, same week of last year, same month a year
        ago, same period a year ago, same month the year before, same period the year before, same
        month in the previous year, same period in the previous year, same month of the previous
        year, same period of the previous year, same month previous year, same period previous
        year, the year before, a year earlier, one year earlier, a year before, year earlier, the
        preceding year, the year prior""",
    Mark.SHARE: """share, share of, shares of, shares, percentage, percentage of, percentages,
        percent, percent of, proportion, proportion of, proportions, fraction, fraction of,
        portion, portion of, contribution, contribution of, contribution to, contribute,
        contributes, contributed, contribute to, contributes to, contributed to, pct, pct of, %,
        % of, percentage share, percentage share of, as a percentage of, as a share of, as
        percentage of, as share of, as a percent of, in percent, in percentages, as a percentage,
        as percentages, percentual share, per cent, per cent of, as a proportion of, as % of,
        relative share, relative share of, by what percentage, by what percent,
        by how many percent, how much of the, how much of our, how much of all, what
        part of, part of, which part of, what fraction of, what share of,
        as %, percentage wise""",
    Mark.RUNNING: """running total, running total of, running totals, running totals of, running
        sum, running sum of, cumulative, cumulatively, cumulated, accumulated, accumulating,
        cumulative total, cumulative total of, cumulative sum, cumulative sum of, rolling total,
        rolling total of, rolling sum of, added up over time, summed up over time,
        cum, cumul""",
    Mark.WITHIN: "within each, within every, inside each, within its, inside every",
    Mark.TIES: """with ties, including ties, ties included, include ties, keep ties, ties,
        and ties""",
    Mark.WHY: """why, why did, why was, why were, why is, why are, why has, why have, why do, why
        does, how come, what caused, what causes, what explains, what explained, explain why,
        reason for, reasons for, the reason for, the reasons for, reason why, what is behind, what
        was behind, what's behind, what drove, what drives, what led to, what is the reason for,
        what is the cause of, what was the cause of, cause of, causes of, what made, the reason,
        what are the reasons for, driver of, drivers of, what is driving, because of what""",
    Mark.FOLLOW: """what about, how about, and what about, and how about, and now, now, instead,
        same, the same, same again, the same again, same for, the same for, same but, the same
        but, same with, the same with, again, also, as well, too, and for, only, just, that, it,
        them, those, this one, break it down, break that down, break it down by, break that down
        by, split it, split that, split it by, split that by, that one, do the same, further, in
        addition, additionally, and, but, ok, okay, then, make it, make that, turn it into, turn
        that into, show it, show that, show them, this, these, 
        switch to, switch it to, switch that to, switch, back to, go back to, ditto, ditto for,
        likewise, likewise for, same thing, same thing for, the same thing, the same thing for,
        repeat, repeat it for, repeat that for, do it for, do that for, redo it for, rather, or
        rather, no , put, next to it, beside it, alongside it, next to that, alongside that, side by
        side with it""",
    Mark.REQUEST: """tell me, show me, give me, get me, let me know, let me see, i want to know, i
        would like to know, i need to know, i d like to know, i want to see, i would like to see,
        i d like to see, need to know, want to know, could you tell me, can you tell me, please
        show, please tell me, would like to know, like to know, like to see, find out, i need, i
        want, i wonder, wondering, can you show me, could you show me, do you know, know""",
    Mark.NEW: "new, newly, newly registered, newly joined, new registered",
    Mark.FLIP: """the other way round, the other way around, other way round, other way around,
        reversed, reverse, reverse it, reverse the order, reverse that, in reverse, reverse order,
        in reverse order, flip it, flip the order, upside down, turn it around, the opposite,
        the reverse, invert, inverted, invert the order""",
    Mark.NOT: """not, no, without, excluding, except, except for, exclude, other than, but not,
        non, outside, outside of, everywhere but, all except, apart from, never, leaving out, leave
        out, ignoring, besides, not including, all but, everything but, anything but, anywhere but,
        not counting, ! =, < >, nor, excl, excl ., ex, w / o, w / out, minus, disregarding,
        disregard, skipping, skip, omitting, omit, barring, aside from, with the exception of, but
        without, but no, but excluding, without counting, without any, not for, forget about,
        forget, minus the""",
    Mark.PREPOSITION: """in, for, at, on, of, from, to, with, during, within, inside, among,
        amongst, through, into, under, over, about, as, via, between, within the, off""",
    Mark.LIST: "list, list of, lists, names of, name, enumerate, list all, a list of",
    Mark.EARN: """earn, earned, earns, spend, spent, spends, pay, paid, pays, gross, grossed, bring
        in, brought in, grossing, earning, take in, took in, taken in, sell, sold, sells, selling,
        pull in, pulled in, brings in, takes in, took, take, taken, takes, collect, collected,
        collects, rake in, raked in,
        gain, gained, gains, gave us, cash in, cashed in, come in, came in, comes in, turn over,
        turned over, pocket, pocketed, bring us, brought us, brings us, gave, gives""",
    Mark.TREND: """over time, trend, trends, trend of, trending, timeline, time series,
        development of, evolution of, develop, developed, evolve, evolved, progress, progressed,
        by date, by time, through time, over the time""",
    Mark.ABOVE: """more than, over, above, greater than, exceeding, higher than, >, longer than,
        exceed, exceeds, exceeded, topped, larger than, bigger than, in excess of, upwards of,
        beyond, surpass, surpasses, surpassed, surpassing, better than, north of""",
    Mark.AT_LEAST: """at least, no less than, no fewer than, minimum of, > =, a minimum of, not
        less than, not fewer than, greater than or equal to, more than or equal to, reach, reaches,
        reached, reaching, or more, or above, or over, and above, or higher, and more, or
        better, and up, or greater""",
    Mark.BELOW: """less than, fewer than, under, below, lower than, <, shorter than, smaller than,
        south of""",
    Mark.AT_MOST: """at most, no more than, up to, maximum of, not more than, < =, a maximum of,
        less than or equal to, fewer than or equal to, not over, not above, not exceeding, or
        less, or fewer, or below, or under, and below, or lower, and under""",
    Mark.EXACTLY: "exactly, precisely, equal to, equals, is equal to, of exactly, equalling",
    Mark.ORDER_BY: """sorted by, sort by, ordered by, order by, ranked by, rank by, ranking by,
        ranked, ranked on, measured by, in terms of, based on, when ranked by, ranking of""",
    Mark.ASCENDING: """ascending, asc, in ascending order, lowest first, from lowest to highest,
        shortest first, smallest first, fewest first, least first, worst first,
        from low to high, low to high, from small to large, lowest to highest, smallest to largest,
        from smallest to largest, from least to most, from smallest to biggest, smallest to biggest,
        from worst to best, worst to best""",
    Mark.DESCENDING: """descending, desc, in descending order, highest first, largest first,
        from highest to lowest, longest first, biggest first, most first, best first,
        from high to low, high to low, from large to small, highest to lowest, largest to smallest,
        from largest to smallest, from most to least, from biggest to smallest, biggest to smallest,
        from best to worst, best to worst""",
    Mark.FUTURE: """will, next, next month, next week, next year, next quarter, next day,
        tomorrow, forecast, forecasts, predict, prediction, predictions, projection, projected,
        in the future, coming month, coming week, coming year, upcoming, expected""",
    Mark.SOFT: LIGHT,
}

# Words inside a name may be separated by these ("not been returned" is "not returned").
INNER = words(
    "been be being was were is are yet of who that which have has had did do does single ever"
)
# ... and by these after an "of" ("length of a trip").
ARTICLES = words("a an the")

# Small words that are abbreviations of places after these.
PLACE_WORDS = words("us")
BEFORE_A_PLACE = words("in the from across outside within inside")

# What a metric's unit is called, where a question says it ("duration in days").
UNIT_WORDS = {"days": "days", "day": "days"}
MONEY_UNITS = words("dollar dollars euro euros pound pounds usd eur gbp bucks $ € £")
CURRENCIES = {
    "dollars": "USD", "usd": "USD", "euros": "EUR", "euro": "EUR", "eur": "EUR", "pounds": "GBP",
    "gbp": "GBP",
}  # fmt: skip
PERCENT = frozenset({"%", "percent", "pct", "per cent"})
MONEY_SIGNS = frozenset("$€£=")
MULTIPLES = {"k": Decimal(1_000), "thousand": Decimal(1_000), "million": Decimal(1_000_000)}
JOINING = words("and or , & / vs versus")
# What is done with an amount of money, so that "customers who paid over 100" is about the sum.
PAYING = words("pay paid pays spend spent spends")
# What makes money, before a threshold: "films that made more than 150".
MAKING = words("made make makes making generate generated generates bring brought produce produced")
# Words that are known and lead nowhere, so that they are not taken for slips of others.
UNSUPPORTED = words(
    """median percentile deviation variance quartile correlation margin profit cost costs price
    prices tax discount refund refunds budget target targets director actor actors actress stock
    copy copies weather late overdue lost broken damaged fee fees fine fines churn retention"""
)
# Verbs that only lead to a threshold: "rentals that lasted longer than 8 days".
BEFORE_A_THRESHOLD = words(
    "lasted lasting last lasts worth kept keep out has have had having costing costs cost being"
)

LESS = words("less fewer lower worse smaller weaker quieter")

# A superlative of use, not of an amount: it means the rows are counted.
POPULAR = frozenset({"popular", "popularity", "frequent", "frequently", "often", "common", "busy"})
# ... and a superlative that is one of use by itself.
BUSIEST = words("busiest quietest slowest busier quieter")
# Whoever does it, after these: "on which day do people rent most".
ANYONE = words("people folks anyone anybody someone")
DOING = words("do did does have has")
# What is done by somebody: "spent by customers in Japan".
DONE = words("spent paid made rented borrowed returned bought earned")
# One of each, where it cannot mean an order.
EACH = words("per each every")
# What leads from things that are listed to a number of each: "all stores with their rentals".
THEIRS = words("with their its and each plus , :")
# Before a period these do not say that it is the period: "revenue to June".
UNBOUND = words("to about under off as into via")
# Said again before each of a list, these keep its members apart: "in June and in July".
REPEATED = words("in for at on of from during")
# Who does what a verb says, where that is not the verb with -er: "who spent the most" asks for
# spenders, and the model's synonyms say who these are.
AGENTS = {
    "spend": "spender", "spends": "spender", "spent": "spender", "pay": "payer", "pays": "payer",
    "paid": "payer", "sell": "seller", "sells": "seller", "sold": "seller", "buy": "buyer",
    "buys": "buyer", "bought": "buyer", "took": "cashier", "takes": "cashier",
    "collected": "cashier", "collects": "cashier", "handled": "clerk", "handles": "clerk",
    "served": "clerk", "processed": "clerk", "returns": "borrower", "returned": "borrower",
    "return": "borrower",
}  # fmt: skip
# Those of them whose amount is money: "the top 5 spenders".
OF_MONEY = words("spender payer buyer")
# What an average is called, at the beginning of a name.
AVERAGES = words("average avg mean")

# Values that are everyday adjectives, so that only a label beside them makes them values.
WEAK_VALUES = words(
    """new old good great other general all none unknown yes no open closed active any some true
    false high low big small early late first last a an i r g x"""
)

# Symbols that would change a number; the others only decorate.
MEANINGFUL_SYMBOLS = frozenset("%+*^<>~|±")

"""What is said around a request and has no bearing on the number: politeness, thinking aloud, verbs
that only carry a sentence. A word that could change the number must not stand here.
"""

LIGHT = """
    show, display, give, view, table of, fetch, pull up, pull, a, an, is, are, was, were, be, been,
    being, am, do, does, did, done, has, have, had, having, can, could, would, will you, should,
    will i, please, pls, plz, thx, asap, kindly, thanks, thank you, thank, something, anything, hi,
    hello, hey, me, i, we, us, for us, to us, you, they, it, its, that, those, these, there, their,
    then, so, now, just, only, also, really, exactly, actually, currently, today's, want, wanted,
    need, like, would like, want to know, know, tell, tell me, give me, show me, find, find out,
    calculate, compute, work out, look at, let, let me, need to, how, how is, how are, how was, how
    were, how about, what about, what is, what are, what was, what were, what did, what has, what
    have, what's, whats, where, when, which is, business, company, performance, result, results,
    figure, figures, number, numbers, data, report, overview, summary, breakdown, stats, statistics,
    value, values, chart, graph, plot, table, bar chart, line chart, pie chart, ?, !, ., :, -, ", ',
    (, ), #, $, €, £, =, _, for me, to me, in the data, in our data, so far, up to now, to date,
    ever, of all time, all time, in the database, in the system, come, comes, coming from, came,
    came from, come from, go, went, get, gets, got, happen, happened, made, make, makes, generate,
    generated, bring, brought, produce, produced, see, saw, seen, yet, still, already, made by,
    belonging to, rated, called, named, titled, entitled, if any, living, live, lives, located,
    based, individual, different, various, respective, respectively, while, the same, same, ok,
    okay, doing, performing, good morning, good afternoon, good evening, create, draw, build,
    prepare, write, much, many, hence, wonder, wondering, question, quick, quickly, quick one, quick
    question, one question, one thing, a question, a quick one, one more, one more thing, do you
    know, you know, any idea, by any chance, happen to know, if possible, curious, curious about, i
    am curious, im curious, so much, very much, a lot, cheers, dear, team, everyone, all good, my
    boss wants to know, boss, asks, asked, asking, break down, breaking down, drill down, split,
    split up, handled, served, processed, achieved, recorded, help, help me, help me with, got it,
    great, perfect, nice, cool, sure, right, out, terms, which one, ones, given, looking,
    interested, interested in, rank, sort, rank the, sort the, would you, could you, can you, can i,
    may i, order, order the, make up, makes up, made up, would you mind, mind telling me, telling
    me, tell us, sorry, sorry to bother you, excuse me, my boss needs, needs, handle, handles, good
    day, to start with, how big is, how big was, how big are, how large is, how large was, how high
    is, how high was, how high were, how low is, how low was, how well, basically, essentially,
    roughly speaking, i guess, i suppose, i think, think, hmm, hm, um, uh, oh, ah, erm, well,
    alright, all right, fine but, fine and, that fine, that is fine, trying, trying to, trying to
    find out, trying to figure out, trying to understand, figure out, figuring out, i after, i am
    after, what i after, what i am after, say, like to have, d love, would love, possible, would it
    be possible to, would it be possible, is it possible to, is it possible, provide, provide me
    with, provide me, provide us with, supply, hand me, send me, ask, may i ask, could i ask, can i
    ask, start, start with, let us start with, let start with, first of all, first off, for
    starters, for the meeting tomorrow, for my meeting tomorrow, for our meeting tomorrow, for a
    meeting tomorrow, for tomorrow meeting, in one table, in the same table, but only, but
    just, but only for, but only in, but only the, but just the, but with, but by, as long as, so
    long as, provided, provided that, on condition that, if only, namely, i e, you see, anyway, by
    the way, btw, fyi, gimme, lemme, wanna, gonna, check, checking, if you can, if you could, when
    you have a moment, when you have time, whenever you can, many thanks, thanks a lot, thanks in
    advance, in advance, appreciated, real quick, sorted, ordered, sort it, order it"""

"""The fold's laws: what a conversation is does not depend on when we were told of what."""

from hypothesis import given, settings
from hypothesis import strategies as st

from careline.config.policy import DeadlineRule, Hours
from careline.engine.deadlines import CAPPED, CEILING, Calendar, RuleBook, Rules
from careline.engine.facts import Act, Labels, Word, position
from careline.engine.fold import State, dump, fold, load, step
from careline.models import DeadlineKind, Intent

HOUR = 3_600_000_000
DAY = 24 * HOUR
REPLIES = (DeadlineKind.FIRST_REPLY, DeadlineKind.NEXT_REPLY)


def rules(id, *said):
    made = tuple(DeadlineRule.model_validate(one) for one in said)
    hours = Hours(days={day: ["09:00-12:00", "13:00-17:00"] for day in ("mon", "tue", "wed")})
    calendars = {"acme": Calendar(zone="Europe/Berlin", hours=hours)}
    return Rules(id, RuleBook(rules=made, calendars=calendars))


BOOKS = {
    1: rules(
        1,
        {"when": {"intent": "problem"}, "first_reply": "1h", "acknowledge": "15m", "resolve": "2d"},
        {"when": {"intent": "question"}, "first_reply": "30h", "next_reply": "2h"},
        {"when": {"intent": "spam"}},
        {"when": {"needs_reply": True}, "first_reply": "9h", "hours": "business", "warn": ["80%"]},
    ),
    2: rules(
        2,
        {"when": {"visibility": "private"}, "first_reply": "2h", "acknowledge": "20h"},
        {"first_reply": "12h", "resolve": "20h", "hours": "business"},
    ),
}
INTENTS = [None, "unheard of", *(intent.value for intent in Intent)]


@st.composite
def words(draw, id):
    at = draw(st.integers(0, 90)) * HOUR
    role = draw(st.sampled_from(["customer", "customer", "ours", "onlooker"]))
    labels = Labels(
        draw(st.sampled_from(INTENTS)), None, draw(st.sampled_from([None, "low", "high"])),
        draw(st.sampled_from([None, True, False])),
    )  # fmt: skip
    return Word(
        position(at, draw(st.integers(0, 2)), 1, id), id, "t1", at,
        max(0, at + draw(st.sampled_from([0, 0, 0, -20, 30])) * HOUR), role, draw(st.booleans()),
        draw(st.integers(0, 3)) > 0, draw(st.booleans()), "reply", "acme-x", "acme", labels,
        draw(st.sampled_from([1, 1, 2])), draw(st.booleans()),
    )  # fmt: skip


@st.composite
def acts(draw, id, names):
    at = draw(st.integers(0, 90)) * HOUR
    kind = draw(st.sampled_from(
        ["removed", "removed", "resolve", "ignore", "assign", "snooze", "promise", "merge"]
    ))  # fmt: skip
    until = at + draw(st.integers(-3, 30)) * HOUR
    value = {"reason": "a joke", "agent": "ann", "until": until, "by": until}
    where = position(at, 99999, 2, id)
    return Act(where, id, at, kind, draw(st.sampled_from(names)), "ann", None, value)


@st.composite
def histories(draw):
    """Return the facts of one conversation, in order."""
    names = [f"w{n}" for n in range(draw(st.integers(1, 9)))]
    facts = [draw(words(name)) for name in names]
    facts += [draw(acts(f"a{n}", names)) for n in range(draw(st.integers(0, 5)))]
    return sorted(facts, key=lambda fact: fact.position)


def stepped(facts):
    """Yield the state before and after each fact, the fact, and what changed."""
    state = State()
    for fact in facts:
        before, (state, changes) = state, step(state, fact, BOOKS, "acme")
        yield before, fact, state, changes


@given(histories(), st.data())
def test_stepping_is_folding(facts, data):
    cut = data.draw(st.integers(0, len(facts)))
    known = fold(facts[:cut], BOOKS, "acme")
    state, deadlines = load(dump(known.state)), dict(known.deadlines)
    for fact in facts[cut:]:
        state, changes = step(state, fact, BOOKS, "acme")
        deadlines |= {change.key: change for change in changes}
    folded = fold(facts, BOOKS, "acme")
    assert (state, deadlines) == (folded.state, folded.deadlines)
    assert dump(state) == dump(folded.state)


@given(histories(), st.randoms())
def test_any_order_with_any_repeats_is_the_same(facts, random):
    told = facts + random.choices(facts, k=5)
    random.shuffle(told)
    once, again = fold(facts, BOOKS, "acme"), fold(told, BOOKS, "acme")
    assert (dump(again.state), again.deadlines) == (dump(once.state), once.deadlines)


@given(histories())
def test_a_step_leaves_the_state_before_it_as_it_was(facts):
    for before, fact, _, _ in stepped(facts):
        kept = dump(before)
        step(before, fact, BOOKS, "acme")
        assert dump(before) == kept


@given(histories())
def test_what_is_written_reads_back(facts):
    state = fold(facts, BOOKS, "acme").state
    assert load(dump(state)) == state


@settings(max_examples=300)
@given(histories())
def test_nothing_moves_an_answer_beyond_24_hours(facts):
    for _, _, state, _ in stepped(facts):
        capped = [one for one in state.open.values() if one.kind in CAPPED]
        assert bool(capped) <= (state.waiting_since is not None)
        for one in capped:
            assert one.due_at <= state.waiting_since + CEILING


@given(histories())
def test_warnings_come_in_order_and_not_after_the_deadline(facts):
    for _, _, _, changes in stepped(facts):
        for one in changes:
            assert list(one.warn_at) == sorted(one.warn_at)
            assert max(one.warn_at, default=one.due_at) <= one.due_at


@settings(max_examples=300)
@given(histories())
def test_what_is_met_or_void_stays_so(facts):
    closed = {}
    for _, _, state, changes in stepped(facts):
        for one in changes:
            if one.kind is not DeadlineKind.TOLD:  # telling a new time makes a new promise
                assert closed.get(one.key, one) == one
                if one.met_at is not None or one.void is not None:
                    closed[one.key] = one
        assert not closed.keys() & state.open.keys()


@settings(max_examples=300)
@given(histories())
def test_whoever_waits_has_a_promise_as_near_as_their_own_word_asks_for(facts):
    for _, _, state, _ in stepped(facts):
        promised = [one for one in state.open.values() if one.kind in REPLIES]
        reply = REPLIES[1] if state.answers else REPLIES[0]
        for word in state.waiting:
            own = BOOKS[word.rules].deadline(reply, word, state.waiting_since, "acme")
            assert own is None or any(one.due_at <= own.due_at for one in promised)
        here = {word.id for word in state.waiting}
        assert {one.anchor for one in state.open.values() if one.kind in CAPPED} <= here


@given(histories())
def test_an_automatic_answer_meets_acknowledge_only(facts):
    for before, fact, state, changes in stepped(facts):
        if isinstance(fact, Word) and fact.role == "ours" and not fact.human:
            assert {change.kind for change in changes} <= {DeadlineKind.ACKNOWLEDGE}
            assert (state.waiting, state.status) == (before.waiting, before.status)
            assert (state.answered_at, state.answers) == (before.answered_at, before.answers)


@given(histories())
def test_an_answer_to_somebody_else_and_an_onlooker_move_no_clock(facts):
    for before, fact, state, changes in stepped(facts):
        aside = isinstance(fact, Word) and (
            fact.role == "onlooker" or (fact.role == "ours" and not fact.to_owner)
        )
        if aside:
            assert changes == []
            for name in ("waiting", "open", "status", "answered_at", "opened_at"):
                assert getattr(state, name) == getattr(before, name)


@given(histories())
def test_a_removed_word_waits_no_longer(facts):
    for before, fact, state, _ in stepped(facts):
        if isinstance(fact, Act) and fact.kind == "removed":
            left = tuple(word for word in before.waiting if word.id != fact.message)
            assert state.waiting == left
            if before.waiting and not left:
                assert state.status == "waiting_customer"


@given(histories())
def test_a_human_answer_ends_the_wait_and_every_promise_of_one(facts):
    for _, fact, state, _ in stepped(facts):
        if isinstance(fact, Word) and fact.role == "ours" and fact.human and fact.to_owner:
            assert (state.waiting, state.unanswered, state.waiting_since) == ((), 0, None)
            assert {kind for _, kind in state.open} <= {DeadlineKind.RESOLVE}

"""Where one case ends and another begins: whatever the order in which the facts are told."""

from hypothesis import given
from hypothesis import strategies as st

from careline.engine.cases import ENDS_AFTER, JOINS_WITHIN, part
from careline.engine.facts import NO_LABELS, Act, Word, position

HOUR = 3_600_000_000
DAY = 24 * HOUR
PRIVATE = {"dm-ann": "ann", "dm-bob": "bob", "dm-ann-2": "ann"}
THREADS = PRIVATE | {"post-ann": "ann", "post-bob": "bob", "more-ann": "ann"}


def word(id, thread, at, role="customer"):
    private = thread in PRIVATE
    return Word(
        position(at, 0, 1, id), id, thread, at, at, role, True, True, private, "reply", "acme-x",
        "acme", NO_LABELS, 1, False,
    )  # fmt: skip


def act(kind, message, at, other=None):
    id = f"{kind}-{message}-{at}-{other}"
    return Act(position(at, 99999, 2, id), id, at, kind, message, "ann", other)


def parted(words, *acts):
    """Return the cases, each as the ids of its words in order."""
    return [ids(case) for case in part([(one, THREADS[one.thread]) for one in words], acts)]


def ids(case):
    words = sorted(fact for fact in case.facts if isinstance(fact, Word))
    return " ".join(one.id for one in words)


@st.composite
def stories(draw):
    """Words within 100 days, and what staff did to them."""
    days = st.integers(0, 100 * 4).map(lambda quarter: quarter * DAY // 4)
    names = [f"w{n}" for n in range(draw(st.integers(1, 9)))]
    words = [
        word(
            name, draw(st.sampled_from(sorted(THREADS))), draw(days),
            draw(st.sampled_from(["customer", "customer", "ours", "onlooker"])),
        )
        for name in names
    ]  # fmt: skip
    anyone = st.sampled_from([*names, "unknown"])
    acts = []
    for _ in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(["resolve", "resolve", "split", "merge", "opened", "assign"]))
        other = {"merge": anyone, "opened": st.sampled_from(sorted(PRIVATE))}.get(kind, st.none())
        acts.append(act(kind, draw(anyone), draw(days), draw(other)))
    return words, acts


def shown(cases):
    return [
        (
            case.first, case.start, sorted(fact.position for fact in case.facts),
            case.spans, case.ended, case.resolved_at, case.last_word,
        )
        for case in cases
    ]  # fmt: skip


@given(stories(), st.randoms())
def test_order_and_repeats_do_not_matter(story, random):
    words, acts = story
    told = [(one, THREADS[one.thread]) for one in words]
    more_words = told + random.choices(told, k=5)
    more_acts = acts + (random.choices(acts, k=3) if acts else [])
    random.shuffle(more_words)
    random.shuffle(more_acts)
    assert shown(part(more_words, more_acts)) == shown(part(told, acts))


@given(stories())
def test_every_word_is_in_exactly_one_case_and_each_case_starts_with_its_first(story):
    words, acts = story
    cases = part([(one, THREADS[one.thread]) for one in words], acts)
    kept = [fact for case in cases for fact in case.facts if isinstance(fact, Word)]
    assert sorted(kept) == sorted(words)
    for case in cases:
        own = [fact for fact in case.facts if isinstance(fact, Word)]
        assert min(own).id == case.first
        assert {one.thread for one in own} == case.spans.keys()


@given(stories())
def test_customers_share_a_case_only_where_staff_joined_them(story):
    words, acts = story
    if not any(one.kind in ("merge", "opened") for one in acts):
        for case in part([(one, THREADS[one.thread]) for one in words], acts):
            assert len(case.customers) == 1
            public = case.spans.keys() - PRIVATE.keys()
            assert len(public) <= 1, "a public span is a case of its own"


def test_a_public_thread_is_a_case_of_its_own():
    words = [word("a", "post-ann", 0), word("b", "more-ann", HOUR), word("c", "post-ann", DAY)]
    assert parted(words) == ["a c", "b"]


def test_a_private_word_joins_the_latest_case_within_30_days():
    words = [word("a", "post-ann", 0), word("b", "more-ann", DAY)]
    assert parted([*words, word("c", "dm-ann", DAY + JOINS_WITHIN)]) == ["a", "b c"]
    assert parted([*words, word("c", "dm-ann", DAY + JOINS_WITHIN + 1)]) == ["a", "b", "c"]
    assert parted([*words, word("c", "dm-bob", 2 * DAY)]) == ["a", "b", "c"]


def test_an_onlookers_word_keeps_no_case_recent():
    words = [word("a", "post-ann", 0), word("b", "post-ann", DAY, "onlooker")]
    assert parted([*words, word("c", "dm-ann", JOINS_WITHIN + 1)]) == ["a b", "c"]


def test_a_private_thread_goes_on_the_case_that_opened_it():
    words = [word("a", "post-ann", 0), word("b", "more-ann", DAY), word("c", "dm-bob", 40 * DAY)]
    assert parted(words, act("opened", "a", 2 * DAY, "dm-bob")) == ["a c", "b"]


def test_nobody_joins_a_case_that_is_over():
    words = [word("a", "post-ann", 0), word("b", "dm-ann", HOUR + ENDS_AFTER + 1)]
    assert parted(words, act("resolve", "a", HOUR)) == ["a", "b"]
    opened = act("opened", "a", HOUR, "dm-ann")
    assert parted(words, act("resolve", "a", HOUR), opened) == ["a", "b"]


def test_a_case_ends_72_hours_after_it_was_resolved():
    over = HOUR + ENDS_AFTER
    for thread in ("post-ann", "dm-ann"):
        first, resolved = word("a", thread, 0), act("resolve", "a", HOUR)
        assert parted([first, word("b", thread, over)], resolved) == ["a b"]
        assert parted([first, word("b", thread, over + 1)], resolved) == ["a", "b"]


def test_the_customers_word_before_that_opens_it_again():
    words = [word("a", "post-ann", 0), word("b", "post-ann", DAY), word("c", "post-ann", 9 * DAY)]
    assert parted(words, act("resolve", "a", HOUR)) == ["a b c"]


def test_only_a_customer_starts_anew_what_is_over():
    words = [word("a", "post-ann", 0), word("b", "post-ann", 9 * DAY, "ours")]
    words += [word("c", "post-ann", 9 * DAY, "onlooker")]
    assert parted(words, act("resolve", "a", HOUR)) == ["a b c"]


def test_staff_split_and_what_follows_goes_with_it():
    words = [word("a", "post-ann", 0), word("b", "post-ann", 1), word("c", "post-ann", 2)]
    assert parted(words, act("split", "b", 9 * DAY)) == ["a", "b c"]
    private = [word("a", "post-ann", 0), word("b", "dm-ann", 1)]
    assert parted(private, act("split", "b", 0)) == ["a", "b"]


def test_staff_merge_and_the_earlier_case_stays():
    words = [word("a", "post-ann", 0), word("b", "post-bob", 1), word("c", "post-bob", 9)]
    assert parted(words, act("merge", "b", 5, "a")) == ["a b c"]
    assert parted(words, act("merge", "a", 5, "b")) == ["a b c"]
    assert parted(words, act("merge", "a", 5, "unknown")) == ["a", "b c"]


def test_a_case_says_until_when_a_thread_is_in_it():
    over = word("b", "post-ann", 9 * DAY)
    words = [(word("a", "post-ann", 0), "ann"), (over, "ann")]
    one, two = part(words, [act("resolve", "a", HOUR)])
    assert one.ended == {"post-ann": over.position}
    assert (two.spans, two.ended) == ({"post-ann": over.position}, {})

"""Casework: brings the conversations of some customers up to date, by stepping or by refolding."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from careline.engine.cases import ENDS_AFTER, Case, Parting, part
from careline.engine.deadlines import Deadline
from careline.engine.facts import Act, Fact, Micros, Word
from careline.engine.fold import FOLD_VERSION, RuleSets, State, apply, fold, load
from careline.engine.history import History, load_histories
from careline.engine.rulesets import StoredRules
from careline.ids import conversation_id
from careline.store.bulk import query_in


@dataclass(slots=True)
class Opening:
    """What a new conversation starts with."""

    id: str
    first: Word
    customer: str | None


@dataclass(slots=True)
class Work:
    """What is to be written: conversations, their states, spans and deadlines."""

    at: Micros = 0
    """When it is done."""
    opened: list[Opening] = field(default_factory=list)
    states: dict[str, State] = field(default_factory=dict)
    deadlines: dict[tuple[str, str], tuple[str, Deadline]] = field(default_factory=dict)
    spans: list[tuple[str, str, str, str | None, str, str | None]] = field(default_factory=list)
    of: dict[str, str] = field(default_factory=dict)
    """Message to its conversation."""
    refolded: dict[str, str | None] = field(default_factory=dict)
    """Messages that were folded again, with the conversation each was in before."""
    threads: set[str] = field(default_factory=set)
    """Threads whose spans are written anew."""

    def state(self, conversation: str, state: State, changes: Iterable[Deadline]) -> None:
        """Keep where a conversation stands, and what changed of its promises."""
        self.states[conversation] = state
        for deadline in changes:
            self.deadlines[deadline.anchor, deadline.kind.value] = (conversation, deadline)


@dataclass(slots=True)
class Standing:
    """Where one customer's cases stand, as far as stepping needs it."""

    threads: dict[str, str] = field(default_factory=dict)
    """Thread to the conversation that it is in now."""
    states: dict[str, State] = field(default_factory=dict)
    private: bool = False
    stale: bool = False
    position: str = ""


_STANDING = """
SELECT t.customer, t.id, s.conversation, st.state, st.fold_version, t.brand, t.visibility
FROM threads t JOIN spans s ON s.thread = t.id JOIN states st ON st.conversation = s.conversation
WHERE s.to_position IS NULL AND t.customer IN"""


def load_standings(conn: Connection, brand: str, customers: Iterable[str]) -> dict[str, Standing]:
    """Return where these customers' current cases stand."""
    found: dict[str, Standing] = {}
    for customer, thread, case, text, version, of, visibility in query_in(
        conn, _STANDING, customers
    ):
        if of != brand:
            continue
        standing = found.setdefault(customer, Standing())
        state = standing.states.get(case) or load(text)
        standing.states[case] = state
        standing.threads[thread] = case
        standing.private |= visibility == "private"
        standing.stale |= version != FOLD_VERSION or state.merged
        standing.position = max(standing.position, state.position)
    return found


def advance(
    standing: Standing, customer: str, words: list[Word], rules: RuleSets, brand: str, work: Work
) -> bool:
    """Step the customer's new words, or return False: something must be folded again."""
    words.sort(key=lambda word: word.position)
    if not _follows(standing, words):
        return False
    parting, cases = _parting(standing, customer)
    for word in words:
        parting.take(word, customer)
    for case in parting.cases:
        if case.facts:
            known = cases.get(id(case))
            _step_case(standing, case, known, customer, rules, brand, work)
    return True


def _follows(standing: Standing, words: list[Word]) -> bool:
    """Whether stepping is the same as folding: all new facts come after all that matter to them."""
    if standing.stale:
        return False
    private = standing.private or any(word.private for word in words)
    if private and words[0].position <= standing.position:
        return False
    if any(_restarts(standing, word) for word in words):
        return False
    return all(
        word.position > standing.states[standing.threads[word.thread]].position
        for word in words
        if word.thread in standing.threads
    )


def _restarts(standing: Standing, word: Word) -> bool:
    """Whether a span may start or end here that other cases have a part in."""
    conversation = standing.threads.get(word.thread)
    if conversation is None:
        return word.private
    resolved_at = standing.states[conversation].resolved_at
    return word.opens and resolved_at is not None and word.at > resolved_at + ENDS_AFTER


def _parting(standing: Standing, customer: str) -> tuple[Parting, dict[int, str]]:
    parting = Parting()
    known: dict[int, str] = {}
    made: dict[str, Case] = {}
    for thread, conversation in standing.threads.items():
        case = made.get(conversation)
        if case is None:
            state = standing.states[conversation]
            case = made[conversation] = Case("m" + conversation[1:], state.position)
            case.last_word, case.resolved_at = state.last_word, state.resolved_at
            case.customers.add(customer)
            known[id(case)] = conversation
            parting.cases.append(case)
        parting.current[thread] = case
        case.spans[thread] = ""
    return parting, known


def _step_case(
    standing: Standing,
    case: Case,
    known: str | None,
    customer: str,
    rules: RuleSets,
    brand: str,
    work: Work,
) -> None:
    conversation = known or conversation_id(case.first)
    state = standing.states[known] if known else State()
    changes: list[Deadline] = []
    for fact in case.facts:
        changes += apply(state, fact, rules, brand)
    work.state(conversation, state, changes)
    _note(case.facts, conversation, work)
    if known is None:
        first = next(fact for fact in case.facts if isinstance(fact, Word))
        work.opened.append(Opening(conversation, first, customer))
    for thread, start in case.spans.items():
        if start:
            work.spans.append((thread, case.first, conversation, customer, start, None))


def _note(facts: Iterable[Fact], conversation: str, work: Work) -> None:
    work.of |= {fact.id: conversation for fact in facts if isinstance(fact, Word)}


def refold(
    conn: Connection, brand: str, customers: set[str], rules: StoredRules, work: Work
) -> None:
    """Part and fold again all facts of these customers and of those joined with them."""
    history = load_histories(conn, brand, customers)
    work.threads |= history.threads.keys()
    work.refolded |= history.conversations
    rules.ensure(conn, {word.rules for word in history.words.values()})
    for words, acts in components(history):
        for case in part(words, acts):
            _refold_case(case, history, rules, brand, work)


def _refold_case(case: Case, history: History, rules: RuleSets, brand: str, work: Work) -> None:
    conversation = conversation_id(case.first)
    folded = fold(case.facts, rules, brand)
    if len(case.customers) > 1:  # the words of one may move the cases of another
        folded.state.merged = True
    work.state(conversation, folded.state, folded.deadlines.values())
    _note(case.facts, conversation, work)
    first = history.words[case.first]
    work.opened.append(Opening(conversation, first, history.threads[first.thread]))
    for thread, start in case.spans.items():
        customer = history.threads[thread]
        end = case.ended.get(thread)
        work.spans.append((thread, _first_in(case, thread), conversation, customer, start, end))


def _first_in(case: Case, thread: str) -> str:
    """Return the message by which a thread came into the case."""
    words = (f for f in case.facts if isinstance(f, Word) and f.thread == thread)
    return min((word.position, word.id) for word in words)[1]


Component = tuple[list[tuple[Word, str | None]], list[Act]]


def components(history: History) -> Iterable[Component]:
    """Yield the facts of customers who have nothing to do with one another, each apart."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    def owner(thing: str) -> str | None:
        word = history.words.get(thing)
        return history.threads.get(word.thread if word else thing)

    for act in history.acts.values():
        one, two = owner(act.message), owner(act.other) if act.other else None
        if one and two:
            parent[root(one)] = root(two)
    groups: dict[str, Component] = {}
    for word in history.words.values():
        customer = history.threads[word.thread]
        groups.setdefault(root(customer or ""), ([], []))[0].append((word, customer))
    for act in history.acts.values():
        customer = owner(act.message)
        if customer and root(customer) in groups:
            groups[root(customer)][1].append(act)
    return groups.values()

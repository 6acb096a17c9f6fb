"""Intake: a batch becomes messages, labels, conversations and deadlines, in one unit of work."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from careline.contract.items import JSON, Batch, Item
from careline.engine import changes, known, rows
from careline.engine.aliases import resolve_aliases
from careline.engine.answers.acknowledging import acknowledge
from careline.engine.arrivals import KINDS, Arrival, Intake, all_ids, sort_items
from careline.engine.casework import Standing, Work, advance, load_standings, refold
from careline.engine.erasure.hushing import hush, keep_erased
from careline.engine.facts import Micros, Word, position
from careline.engine.history import load_placed
from careline.engine.outbox.echoes import bind_echoes
from careline.engine.reach import note_reach
from careline.engine.rehang import place_arrivals
from careline.engine.reread import reread
from careline.engine.rooms import customers_of_threads, let_go, put_threads, settle
from careline.engine.setaside import set_aside
from careline.engine.unit import Policy, Unit
from careline.models import Visibility
from careline.store import tables
from careline.store.bulk import mark, put, select_in
from careline.store.indexing import index
from careline.store.log import log_event
from careline.store.times import to_micros
from careline.store.turns import take_turn


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of a batch: each item is in exactly one of the counts."""

    new: int = 0
    known: int = 0
    revised: int = 0
    removed: int = 0
    observed: int = 0
    malformed: int = 0
    before_since: int = 0
    delivered: int = 0

    def __add__(self, other: "Summary") -> "Summary":
        """Return the counts of both."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in self.__slots__)
        return Summary(*(one + two for one, two in pairs))


def ingest(
    conn: Connection,
    to: Intake,
    source: str,
    batch: Batch,
    now: datetime,
    policy: Policy,
    found_by: str = "poll",
    lanes: set[str] | None = None,
) -> Summary:
    """Store a batch with all that follows from it, and the cursor. One unit of work.

    `lanes` collects what is to be woken after the commit.
    """
    take_turn(conn, to.brand)
    caught_up_at = _caught_up_at(conn, to.account, source)
    found = sort_items(batch, to, now, caught_up_at)
    unit = Unit(conn, to, source, found_by, to_micros(now), policy, found)
    if lanes is not None:
        unit.lanes = lanes
    summary = _take(unit, len(batch.items))
    _put_cursor(unit, batch, caught_up_at)
    if summary != Summary(known=summary.known):
        counts = {name: getattr(summary, name) for name in Summary.__slots__}
        log_event(conn, unit.now, "system", "heard", to.account, {"source": source, **counts})
    return summary


def take_ours(
    conn: Connection, to: Intake, items: Sequence[Item], now: datetime, policy: Policy
) -> None:
    """Store what we did ourselves, as if it had been heard, but for a cursor. Take the turn first.

    It is committed with whatever else the unit of work says of it.
    """
    found = sort_items(Batch(tuple(items)), to, now, None)
    _take(Unit(conn, to, "outbox", "outbox", to_micros(now), policy, found), len(items))


def _take(unit: Unit, items: int) -> Summary:
    found = unit.found
    bind_echoes(unit)
    resolve_aliases(unit)
    hush(unit)
    stored = known.load_stored(unit)
    early = found.before_since + changes.adopt_unknown(unit, stored)
    known.note_known(unit, stored)
    changes.keep_first_words(unit, stored)
    new = [arrival for id, arrival in found.messages.items() if id not in stored]
    _new_messages(unit, new)
    revised = changes.revise(unit) - sum(1 for arrival in new if arrival.revised_at)
    index(unit.conn, sorted(unit.reworded))
    removed = changes.remove(unit)
    changes.bury(unit)
    observed = changes.observe(unit)
    delivered = changes.deliver(unit)
    reread(unit)
    keep_erased(unit, new)
    unit.stale |= changes.customers_of(unit.conn, list(unit.changed))
    _refold(unit)
    _note_reach(unit, new)
    for do in unit.afterwards:
        do()
    acknowledge(unit, new)
    unit.lanes |= unit.policy.alerting.waiting(unit.conn, unit.states, unit.now)
    aside = set_aside(
        unit.conn, unit.to.account, unit.source, found.malformed, unit.now,
        whole=unit.found_by == "webhook",
    )  # fmt: skip
    counts = (revised, removed, observed, aside, early, delivered)
    return Summary(len(new), items - len(new) - sum(counts), *counts)


def _new_messages(unit: Unit, new: Sequence[Arrival]) -> None:
    """Place, label and store new messages, and step the conversations that only grew."""
    conn, to = unit.conn, unit.to
    placed = load_placed(conn, all_ids(unit.found))
    arrivals = {arrival.id: arrival for arrival in new}
    moved = place_arrivals(conn, to, arrivals, placed, unit.changed)
    unit.stale |= moved.customers
    unit.reread |= moved.below
    rows.put_identities(conn, to, unit.found.authors)
    places = [arrival.placed for arrival in new]
    put_threads(conn, to, places)
    customers, contested = customers_of_threads(conn, places)
    heard = [a for a in new if not a.ours and a.placed.role != "context"]
    rows.put_readings(conn, unit.policy.labeller.label(conn, to, heard, arrivals))
    rows.put_unread(conn, unit.policy.deferred, [a for a in heard if not a.hushed])
    work = _step(unit, [a for a in new if a.placed.thread not in contested], customers)
    for arrival in new:
        arrival.conversation = work.of.get(arrival.id)
    rows.insert_messages(conn, to, new, unit.policy.rules.id, unit.found_by)
    rows.write_work(conn, to, work)
    unit.states |= work.states
    unit.settled = contested | moved.private | unit.private
    concerned, left = settle(conn, unit.settled)
    others, gone = let_go(conn, moved.below, left)
    unit.stale |= concerned | others
    unit.gone |= gone
    index(conn, [*arrivals])


def _step(unit: Unit, new: Sequence[Arrival], customers: Mapping[str, str | None]) -> Work:
    """Step the cases of customers whose new words follow all others; note the rest as stale."""
    words: dict[str, list[Word]] = {}
    for arrival in new:
        customer = customers[arrival.placed.thread]
        if customer and arrival.placed.role != "context":
            words.setdefault(customer, []).append(word_of(unit, arrival, customer))
    fresh = words.keys() - unit.stale
    standings = load_standings(unit.conn, unit.to.brand, fresh)
    work = Work(unit.now)
    unit.policy.rule_sets.ensure(unit.conn, _rules_of(standings.values()))
    for customer in fresh:
        standing = standings.get(customer) or Standing()
        rules = unit.policy.rule_sets
        if not advance(standing, customer, words[customer], rules, unit.to.brand, work):
            unit.stale.add(customer)
    unit.stale |= words.keys() - fresh
    return work


def _rules_of(standings: Iterable[Standing]) -> set[int]:
    return {
        waiting.rules
        for standing in standings
        for state in standing.states.values()
        for waiting in state.waiting
    }


def word_of(unit: Unit, arrival: Arrival, customer: str) -> Word:
    """Return a new message as a fact."""
    where, m = arrival.placed, arrival.message
    private = m.visibility is Visibility.PRIVATE
    return Word(
        position(where.fact_at, where.depth, 1, arrival.id), arrival.id, where.thread,
        where.fact_at, arrival.clock, where.role, m.sent_by != "automation",
        private or where.answers == customer, private, KINDS[m.kind], unit.to.account,
        unit.to.brand, arrival.labels, unit.policy.rules.id, arrival.live,
    )  # fmt: skip


def _refold(unit: Unit) -> None:
    if unit.stale:
        work = Work(unit.now)
        work.refolded |= unit.gone
        refold(unit.conn, unit.to.brand, unit.stale, unit.policy.rule_sets, work)
        work.of |= {id: work.of[new] for id, new in unit.became.items() if new in work.of}
        rows.write_work(unit.conn, unit.to, work)
        before = set(work.refolded.values())
        unit.states = {c: s for c, s in unit.states.items() if c not in before} | work.states


def _note_reach(unit: Unit, new: Sequence[Arrival]) -> None:
    told = {a.id for a in new if a.message.author and a.message.author.followers is not None}
    told |= {id for id, _ in unit.found.observed}
    cases = select_in(unit.conn, tables.messages, ("conversation",), "id", told)
    note_reach(unit.conn, {case for (case,) in cases if case})


def _caught_up_at(conn: Connection, account: str, source: str) -> Micros | None:
    select = "SELECT caught_up_at FROM cursors WHERE account = {0} AND source = {0}"
    return conn.exec_driver_sql(select.format(mark(conn)), (account, source)).scalar()


def _put_cursor(unit: Unit, batch: Batch, caught_up_at: Micros | None) -> None:
    if caught_up_at is None and not batch.more:
        caught_up_at = unit.now
    row = (unit.to.account, unit.source, json.dumps(batch.cursor), unit.now, caught_up_at)
    columns = ("account", "source", "cursor", "at", "caught_up_at")
    put(unit.conn, tables.cursors, columns, [row])


def load_cursor(conn: Connection, account: str, source: str) -> JSON:
    """Return the cursor of a source as it was last committed; None at first."""
    select = "SELECT cursor FROM cursors WHERE account = {0} AND source = {0}"
    found = conn.exec_driver_sql(select.format(mark(conn)), (account, source)).scalar()
    return None if found is None else json.loads(found)

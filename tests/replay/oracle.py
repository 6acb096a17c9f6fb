"""Response times from an archive's rows alone, without any of careline's code.

Whose thread a message belongs to, by its chain of parents ("Whose case is it" in the design):

* a customer who starts, answers us, or answers what is not here, owns a thread of their own;
* anybody else's reply is an onlooker's, in the thread of the message it answers;
* an answer of ours belongs to the thread of the nearest customer's message above it, and answers
  the author of that message only; with none above it, it is nobody's.

One customer's thread at one place is one conversation: what is public joins no other, and nobody
resolves what is merely read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any, NamedTuple

Row = Mapping[str, Any]
PRESSING = (
    "problem", "question", "request", "suggestion", "praise", "information", "chatter", "spam",
)  # fmt: skip
TIERS = {"30m": 1800, "1h": 3600, "24h": 86400}


@dataclass
class Case:
    """One conversation: the customer's own words, our answers to them, and the ids of all in it."""

    words: list[Row] = field(default_factory=list)
    answers: list[Row] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    @property
    def waited(self) -> int | None:
        """Seconds from the first word to the first answer; None: never answered."""
        if not self.answers:
            return None
        began, answered = (min(map(moment, rows)) for rows in (self.words, self.answers))
        return max(0, int((answered - began).total_seconds()))

    def intent(self, said: Mapping[str, str | None]) -> str | None:
        """Return the most pressing intent of the customer's words, by what each was said to be."""
        found = {said[row["id"]] for row in self.words} - {None}
        return min(found, key=PRESSING.index, default=None)


class Figures(NamedTuple):
    """What a report says of some conversations; one without an answer is not in time."""

    conversations: int
    answered: int
    never_answered: int
    within: dict[str, float]
    first_response_s: dict[str, float | None]


def moment(row: Row) -> datetime:
    """Return when a row was posted."""
    return datetime.fromisoformat(row["created_at"])


def ours(row: Row) -> bool:
    """Say whether we wrote it."""
    return bool(row["role"] == "brand")


def first_rows(rows: Iterable[Row]) -> dict[str, Row]:
    """Return one row for each id: the first in the order of `conv_id`."""
    kept: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: row["conv_id"]):
        kept.setdefault(row["id"], row)
    return kept


def cases(rows: Mapping[str, Row]) -> list[Case]:
    """Return the conversations of an archive, given as one row for each id."""
    found: dict[tuple[str, str], Case] = {}
    for id, row in rows.items():
        chain = _chain(row, rows)
        heard = [above for above in chain if not ours(above)]
        if not heard:
            continue  # nobody's
        customer = _owner(chain)
        case = found.setdefault((chain[-1]["conv_id"], customer), Case())
        case.ids.add(id)
        if heard[0]["author_id"] == customer:
            (case.answers if ours(row) else case.words).append(row)
    return list(found.values())


def _chain(row: Row, rows: Mapping[str, Row]) -> list[Row]:
    """Return a message and all known ones above it, the topmost last."""
    chain = [row]
    while (above := rows.get(chain[-1]["in_reply_to"] or "")) is not None:
        chain.append(above)
    return chain


def _owner(chain: list[Row]) -> str:
    """Return whose thread the first of a chain is in.

    Among the customers who speak one after another, up to where one of us was answered or nothing
    more is known, it is the topmost.
    """
    owner = ""
    for row in chain:
        if not ours(row):
            owner = row["author_id"]
        elif owner:
            break
    return owner


def figures(some: Iterable[Case]) -> Figures:
    """Return the figures of some conversations."""
    waits = [case.waited for case in some]
    came = sorted(wait for wait in waits if wait is not None)
    return Figures(
        len(waits),
        len(came),
        len(waits) - len(came),
        {name: round(sum(w <= span for w in came) / len(waits), 6) for name, span in TIERS.items()},
        {"median": median(came) if came else None, "p90": _ninetieth(came) if came else None},
    )


def _ninetieth(values: list[int]) -> float:
    """Return the value below which nine tenths lie: between two of them by a straight line."""
    whole, part = divmod(9 * (len(values) - 1), 10)
    above = values[min(whole + 1, len(values) - 1)]
    return round(values[whole] + (above - values[whole]) * part / 10, 3)

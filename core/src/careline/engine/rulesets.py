"""Rule books: each is kept as it was, so that a promise stays what it was when it was made."""

from collections.abc import Iterable

from sqlalchemy import Connection

from careline.engine.deadlines import RuleBook, Rules
from careline.engine.facts import Micros
from careline.ids import content_hash
from careline.store.bulk import query_in, select_in
from careline.store.tables import rule_sets


class StoredRules(dict[int, Rules]):
    """The rule books known so far, by number; another process may keep more at any time."""

    def ensure(self, conn: Connection, ids: Iterable[int]) -> None:
        """Load those of `ids` that are not here yet."""
        missing = [str(id) for id in ids if id not in self]
        select = "SELECT id, rules FROM rule_sets WHERE CAST(id AS TEXT) IN"
        for id, book in query_in(conn, select, missing):
            self[id] = Rules(id, RuleBook.load(book))


def keep_rules(conn: Connection, book: RuleBook, at: Micros) -> Rules:
    """Keep a rule book if it is new, and return it with its number."""
    text = book.dump()
    digest = content_hash(text)
    found = select_in(conn, rule_sets, ("id",), "hash", [digest])
    if not found:
        _insert(conn, digest, text, at)
        found = select_in(conn, rule_sets, ("id",), "hash", [digest])
    return Rules(found[0][0], book)


def _insert(conn: Connection, digest: str, text: str, at: Micros) -> None:
    conn.execute(rule_sets.insert().values(hash=digest, rules=text, at=at))

"""Attention: what is to be sent, and what a person has to look at, counted by account."""

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import Connection

from careline.store.alerts import receiver_of
from careline.store.outbox import WAITING

COUNTED = ("waiting", "parked", "dead", "set_aside")
_OUTBOX = (
    "SELECT lane, state, count(*) FROM outbox WHERE state IN"
    " ('queued', 'sending', 'unsure', 'parked') GROUP BY lane, state",
    "SELECT lane, 'dead', count(*) FROM outbox WHERE state = 'dead' GROUP BY lane",
)  # the words of two indexes that hold only these: what was sent is not looked at


def count_attention(conn: Connection) -> Mapping[str, Counter[str]]:
    """Return each of `COUNTED` by account, or by the notifier, as the supervisor knows them."""
    found: dict[str, Counter[str]] = {name: Counter() for name in COUNTED}
    for select in _OUTBOX:
        for lane, state, number in conn.exec_driver_sql(select):
            found["waiting" if state in WAITING else state][receiver_of(lane)] += number
    aside = "SELECT account, count(*) FROM rejected GROUP BY account"
    for account, number in conn.exec_driver_sql(aside):
        found["set_aside"][account] += number
    return found

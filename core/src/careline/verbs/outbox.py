"""The verbs of staff about what is to leave us: undo, try again, skip, and what there is."""

from collections.abc import Iterable

from sqlalchemy import Connection

from careline.engine.answers.answering import claim
from careline.engine.dispatcher import Dispatcher
from careline.engine.facts import Micros
from careline.engine.outbox.ending import give_up, log_row
from careline.engine.outbox.outgoing import SPEAKING
from careline.errors import Refusal, Refused
from careline.store import outbox
from careline.store.lanes import requeue
from careline.store.lookup import one_of
from careline.store.outbox import FAILED, Row, State
from careline.store.outbox_views import OutboxView, outbox_views
from careline.store.tables import outbox as table
from careline.store.times import to_micros
from careline.verbs.actor import Verbs


class Outbox(Verbs):
    """What staff do to rows of the outbox."""

    dispatcher: Dispatcher

    async def outbox(self, states: Iterable[State] = (), *, limit: int = 200) -> list[OutboxView]:
        """Return the rows in some states (none given: in any), the latest queued first."""
        return await self.store.read(lambda conn: outbox_views(conn, states, limit))

    async def undo(self, action: str, *, actor: str) -> tuple[str, ...]:
        """Take back what has not left yet, and all that was to follow it; return their ids.

        Raises:
            Refused: it is being sent, was sent, or has ended otherwise.
        """
        self._allow(actor, "undo", action)
        now = to_micros(self.clock.now())
        return await self.store.write(lambda conn: _undo(conn, action, actor, now))

    async def retry(self, action: str, *, actor: str) -> str:
        """Have what failed tried again; of what is parked, a person says that it was not done."""
        self._allow(actor, "retry", action)
        now = to_micros(self.clock.now())
        row = await self.store.write(lambda conn: _retry(conn, action, actor, now))
        self.dispatcher.wake([row.lane])
        return row.id

    async def skip(self, action: str, *, actor: str) -> str:
        """Leave out what failed, or did not leave yet, so that what waits for it may go."""
        self._allow(actor, "skip", action)
        now = to_micros(self.clock.now())
        row = await self.store.write(lambda conn: _skip(conn, action, actor, now))
        self.dispatcher.wake([row.lane])
        return row.id


def _found(conn: Connection, said: str) -> Row:
    return outbox.hold(conn, [one_of(conn, table.c.id, said, "action")])[0]


def _undo(conn: Connection, said: str, actor: str, now: Micros) -> tuple[str, ...]:
    row = _found(conn, said)
    if row.state is not State.QUEUED:
        raise _too_late(row)
    plan = [one.id for one in outbox.by(conn, "plan", [row.plan])] if row.plan else [row.id]
    rest = [
        one for one in outbox.hold(conn, plan) if one.step >= row.step and one.state is State.QUEUED
    ]
    return tuple(
        one.id for one in rest if give_up(conn, one, now, State.UNDONE, f"by {actor}", actor)
    )


def _too_late(row: Row) -> Refused:
    said = {
        State.SENDING: "it is being sent at this moment",
        State.UNSURE: "it may have been sent: `careline run` looks that up",
        State.SENT: "it was sent: `careline delete` takes it from the platform"
        if row.kind in SPEAKING
        else "it was sent",
        State.PARKED: "it may have been sent: look there, then"
        f" `careline outbox --skip {row.id}` if it was, or --retry if not",
        State.DEAD: f"it never left: {row.why}",
    }
    why = said.get(row.state, f"it has ended already: {row.state.value}")
    return Refused(Refusal.INVALID, f"{row.id} cannot be undone: {why}")


def _retry(conn: Connection, said: str, actor: str, now: Micros) -> Row:
    row = _found(conn, said)
    if row.state not in FAILED:
        raise Refused(Refusal.INVALID, f"{row.id} has not failed: it is {row.state.value}")
    if row.message is not None:
        _claim_again(conn, row, row.message, now)
    requeue(conn, row, now)
    log_row(conn, row, now, actor, "retry")
    return row


def _claim_again(conn: Connection, row: Row, message: str, now: Micros) -> None:
    """Answer the word after all, unless a colleague has done so meanwhile."""
    rival = claim(conn, message, row.id, row.actor, now)
    if rival is not None and rival.actor != row.actor:
        raise Refused(
            Refusal.ANSWERED,
            f"{rival.actor} answers that word meanwhile: {rival.text or '(no text)'!r}. Skip this"
            f" one: careline outbox --skip {row.id}",
        )


def _skip(conn: Connection, said: str, actor: str, now: Micros) -> Row:
    row = _found(conn, said)
    can = row.state in (*FAILED, State.QUEUED, State.UNSURE)
    if not can or not give_up(conn, row, now, State.SKIPPED, f"by {actor}", actor):
        raise Refused(Refusal.INVALID, f"{row.id} cannot be skipped: it is {row.state.value}")
    return row

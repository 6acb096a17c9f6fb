"""The verbs about a case: note, assign, snooze, resolve, ignore, link, unlink."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Connection

from careline.engine.acts import act
from careline.engine.people import Link, link, unlink
from careline.engine.rulesets import StoredRules
from careline.models import Text
from careline.store import notes
from careline.store.lookup import full_id
from careline.store.times import to_micros
from careline.verbs.actor import NotAllowed, Verbs

TEXT: Final[TypeAdapter[str]] = TypeAdapter(Text)
"""Makes what staff type storable, as models do with what customers write."""


class Cases(Verbs):
    """What staff do to a case."""

    _rules: StoredRules

    async def note(self, conversation: str, text: str, *, actor: str) -> str:
        """Keep an internal note: no channel can ever be handed one. Return the note's id."""
        self._allow(actor, "note", conversation)
        text = TEXT.validate_python(text)
        now, salt = to_micros(self.clock.now()), self.random.getrandbits(64)
        return await self.store.write(
            lambda conn: notes.put_note(conn, full_id(conn, conversation), text, actor, now, salt)
        )

    async def assign(self, conversation: str, agent: str | None, *, actor: str) -> str:
        """Give a conversation to an agent, or to nobody (None)."""
        if agent is not None:
            self._agent(agent)
        return await self._act(conversation, "assign", actor, {"agent": agent})

    async def snooze(self, conversation: str, until: datetime, *, actor: str) -> str:
        """Keep a conversation out of the inbox until a time, or the customer's next word.

        No promise moves: its deadlines go on.
        """
        return await self._act(conversation, "snooze", actor, {"until": to_micros(until)})

    async def resolve(self, conversation: str, *, actor: str) -> str:
        """Say that the case is solved. The customer's word within 72 hours opens it again."""
        return await self._act(conversation, "resolve", actor, {})

    async def ignore(self, conversation: str, reason: str, *, actor: str) -> str:
        """Say that the case needs no answer, and why."""
        if not reason.strip():
            raise NotAllowed("to ignore a conversation takes a reason")
        return await self._act(conversation, "ignore", actor, {"reason": reason})

    async def _act(self, said: str, kind: str, actor: str, value: Mapping[str, Any]) -> str:
        self._allow(actor, kind, said)
        now = to_micros(self.clock.now())

        def unit(conn: Connection) -> str:
            return act(conn, full_id(conn, said), kind, actor, value, now, self._rules)

        return await self.store.write(unit)

    async def link(self, one: str, two: str, evidence: str, *, actor: str) -> Link:
        """Say that two customers are one person; each case then shows the other as related.

        `one` and `two`: a conversation, or `NETWORK:USER` or `NETWORK:@HANDLE`.
        """
        self._allow(actor, "link", one)
        now, said = to_micros(self.clock.now()), TEXT.validate_python(evidence)
        return await self.store.write(lambda conn: link(conn, one, two, said, actor, now))

    async def unlink(self, one: str, two: str, *, actor: str) -> Link:
        """Take a link back: what was done meanwhile stays."""
        self._allow(actor, "unlink", one)
        now = to_micros(self.clock.now())
        return await self.store.write(lambda conn: unlink(conn, one, two, actor, now))

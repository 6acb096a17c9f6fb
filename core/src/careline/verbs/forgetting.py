"""The verbs about a person's data: erase it, and show all of it."""

from functools import partial

from careline.engine.erasure.erasing import Erasure, erase
from careline.engine.erasure.person import PersonData, person_data
from careline.store.times import to_micros
from careline.store.vacuum import scrub_search
from careline.verbs.actor import Verbs


class Forgetting(Verbs):
    """What is done to all that is kept of a person."""

    async def erase(self, what: str, *, actor: str, dry_run: bool = False) -> Erasure:
        """Erase a person, with all identities that are linked, or one message.

        What was counted stays counted, and a second look brings nothing back. The files hold the
        bytes until they are written anew: `careline db vacuum`.

        Args:
            what: a conversation, NETWORK:USER or NETWORK:@HANDLE; or the id of a message.
            actor: who erases.
            dry_run: change nothing, only say what would go.

        Raises:
            NotFound: there is none, or several begin so.
            Refused: it is an account of ours, or something for them is on its way right now.
        """
        self._allow(actor, "erase", what)
        now = to_micros(self.clock.now())
        unit = partial(erase, said=what, actor=actor, now=now, dry_run=dry_run)
        if dry_run:
            return await self.store.read(unit)
        done = await self.store.write(unit)
        await scrub_search(self.store)
        return done

    async def person_data(self, who: str) -> PersonData:
        """Return all that is kept of a person, with all identities that are linked.

        `who`: a conversation, NETWORK:USER or NETWORK:@HANDLE. Raises `NotFound`.
        """
        now = to_micros(self.clock.now())
        return await self.store.read(partial(person_data, said=who, now=now))

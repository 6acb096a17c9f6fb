"""A public text as the posts that it goes out as, and how much of a chain is out. Kept."""

from typing import Any, Final

from careline.plugin import Answer, Context, Post
from careline_twitter.payload import members, table, words
from careline_twitter.splitting import split
from careline_twitter.text import TODAY, length

MOST: Final = 10
"""Posts of a chain: who has more to say says it elsewhere."""
LONGEST: Final = MOST * (TODAY.maximum - len(f" ({MOST}/{MOST})"))
_KEPT: Final = 100
_KEY: Final = "chains"


def parts_of(action: Answer | Post, *, split_it: bool) -> tuple[str, ...]:
    """Return the posts of a text: one where it fits, or where it is not to be split."""
    if not split_it or length(action.text, carried(action)) <= TODAY.maximum:
        return (action.text,)
    return split(action.text)


def carried(action: object) -> tuple[str, ...]:
    """Return whose mention a reply carries of itself."""
    handle = action.customer.handle if isinstance(action, Answer) else ""
    return (handle,) if handle else ()


class Chains:
    """The posts of each chain that are out: what failed in the middle goes on from there."""

    def __init__(self, context: Context) -> None:
        """They lie in the state of `context`."""
        self._state = context.state(f"twitter:{context.account}")

    async def out(self, action: str) -> tuple[str, ...]:
        """Return the ids of an action's posts that are known to be out, the first one first."""
        record, _ = await self._state.get(_KEY)
        return tuple(words(id) for id in members(table(record).get(action)))

    async def note(self, action: str, ids: tuple[str, ...]) -> None:
        """Keep what is out of an action's posts."""
        while True:
            record, version = await self._state.get(_KEY)
            others: dict[str, Any] = {k: v for k, v in table(record).items() if k != action}
            newest = dict([*others.items(), (action, list(ids))][-_KEPT:])
            if await self._state.put(_KEY, newest, version=version):
                return

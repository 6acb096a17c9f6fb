"""The board: asks for what is new, a page at a time, and says what each refusal means."""

from typing import Any

import httpx
from careline.plugin import (
    JSON,
    AuthFailed,
    Batch,
    Capability,
    Channel,
    Refusal,
    Rejected,
    Source,
    Transient,
)

from careline_bulletin.config import BulletinConfig
from careline_bulletin.mapping import item


class BulletinChannel(Channel[BulletinConfig]):
    """Notes that customers pin to the board, and what staff pin beside them."""

    kind = "bulletin"
    title = "Bulletin board"
    Config = BulletinConfig
    capabilities = frozenset({Capability.POLL})

    @property
    def network(self) -> str:
        """Ids are unique within one board."""
        return f"bulletin:{httpx.URL(self.config.url).netloc.decode()}"

    @property
    def sources(self) -> tuple[Source, ...]:
        """All notes: one stream with one cursor."""
        return (Source("notes", every=self.config.every, title="notes"),)

    async def poll(self, source: Source, cursor: JSON) -> Batch:
        """Return the entries after the cursor, which is the number of the last one heard."""
        after = cursor if isinstance(cursor, int) else 0
        page = await self._get("/notes", {"after": after})
        entries = page["entries"]
        last = entries[-1]["entry"] if entries else after
        return Batch(tuple(map(item, entries)), last, more=page["more"])

    async def _get(self, path: str, params: dict[str, int]) -> Any:
        """Return a page. Time-outs, rate limits and redaction are the context's business."""
        headers = {"authorization": f"Bearer {self.config.token.get_secret_value()}"}
        async with self.context.http(self.config.url, headers=headers) as http:
            response = await http.get(path, params=params)
        _refuse(response)
        return response.json()


def _refuse(response: httpx.Response) -> None:
    """Raise what the core can act on."""
    if response.status_code == httpx.codes.UNAUTHORIZED:
        raise AuthFailed("the board refuses the token")
    if response.status_code == httpx.codes.NOT_FOUND:
        raise Rejected(Refusal.GONE, "there is no board at this address")
    if response.is_error:
        wait = response.headers.get("retry-after", "")
        after = float(wait) if wait.isdecimal() else None
        raise Transient(f"the board answers {response.status_code}", retry_after=after)

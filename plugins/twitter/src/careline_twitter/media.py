"""Uploads: a picture in one go, what moves in parts, and the wait until X has processed it."""

from collections.abc import Mapping
from typing import Any, Final

from careline.plugin import Clock, Refusal, Rejected, Transient
from careline_twitter.asking import Asker, Call
from careline_twitter.payload import table, tally, words

_MB: Final = 1024 * 1024
LARGEST: Final[Mapping[str, int]] = {"image": 5 * _MB, "gif": 15 * _MB, "video": 512 * _MB}
"""Bytes that a file may have, by what it is."""
_KINDS: Final[Mapping[str, str]] = {
    "image/jpeg": "image",
    "image/png": "image",
    "image/webp": "image",
    "image/bmp": "image",
    "image/tiff": "image",
    "image/gif": "gif",
    "video/mp4": "video",
    "video/quicktime": "video",
    "video/webm": "video",
}
_PART: Final = 4 * _MB
_PATH: Final = "/2/media/upload"
_SCOPE: Final = "media.write"
_PATIENCE: Final = 60.0
_LONGEST_WAIT, _SHORTEST_WAIT = 30.0, 1.0
_LOOKS: Final = 60


def kind_of(type: str) -> str | None:
    """Return what a file of a media type is to X: image, gif or video; None: X takes no such."""
    return _KINDS.get(type.partition(";")[0].strip().lower())


class Uploads:
    """Takes files to X. A file that is there and used by nobody is gone after a day."""

    def __init__(self, asker: Asker, clock: Clock) -> None:
        """`clock`: waits for X's processing."""
        self._asker, self._clock = asker, clock

    async def upload(self, content: bytes, type: str, category: str) -> dict[str, Any]:
        """Upload a file, ready to be used. `category`: `tweet_image`, `dm_video` ..."""
        _check(content, type, category)
        if kind_of(type) == "image":
            form = {"media_category": category, "media_type": type}
            return await self._asker.ask(_call("POST", "", form=form, file=content))
        return await self._in_parts(content, type, category)

    async def _in_parts(self, content: bytes, type: str, category: str) -> dict[str, Any]:
        begun = {"media_category": category, "media_type": type, "total_bytes": len(content)}
        told = await self._asker.ask(_call("POST", "/initialize", json=begun))
        id = words(table(told.get("data")).get("id"))
        for index, start in enumerate(range(0, len(content), _PART)):
            part, form = content[start : start + _PART], {"segment_index": str(index)}
            await self._asker.ask(_call("POST", f"/{id}/append", form=form, file=part))
        return await self._processed(id, await self._asker.ask(_call("POST", f"/{id}/finalize")))

    async def _processed(self, id: str, told: dict[str, Any]) -> dict[str, Any]:
        """Wait until X has processed a file."""
        for _ in range(_LOOKS):
            info = table(table(told.get("data")).get("processing_info"))
            match info.get("state"):
                case None | "succeeded":
                    return told
                case "failed":
                    why = words(table(info.get("error")).get("message")) or "it says no reason"
                    raise Rejected(Refusal.INVALID, f"X cannot process the file: {why}")
            wait = float(tally(info.get("check_after_secs")) or _SHORTEST_WAIT)
            await self._clock.sleep(min(wait, _LONGEST_WAIT))
            query = {"media_id": id, "command": "STATUS"}
            told = await self._asker.ask(_call("GET", "", query=query))
        raise Transient("X is still processing the file", sent=False)


def _check(content: bytes, type: str, category: str) -> None:
    kind = kind_of(type)
    if kind is None or not category.endswith(f"_{kind}"):
        known = ", ".join(_KINDS)
        raise Rejected(Refusal.INVALID, f"X takes no {type} as {category}; it takes {known}")
    most = LARGEST[kind]
    if len(content) > most:
        said = f"the file has {len(content)} bytes, X takes {most} of a {kind}"
        raise Rejected(Refusal.INVALID, said, limit=most)
    if not content:
        raise Rejected(Refusal.INVALID, "the file is empty")


def _call(
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    json: Any = None,
    form: Mapping[str, str] | None = None,
    file: bytes | None = None,
) -> Call:
    return Call(
        method,
        f"{_PATH}{path}",
        scopes=_SCOPE,
        query=query or {},
        json=json,
        form=form,
        file=None if file is None else ("media", file, "application/octet-stream"),
        patience=_PATIENCE,
    )

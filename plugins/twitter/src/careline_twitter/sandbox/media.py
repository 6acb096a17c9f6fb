"""The endpoints of uploads: in one go, or in parts, with the processing of what moves."""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from careline_twitter.sandbox.auth import needs
from careline_twitter.sandbox.call import Call, Route
from careline_twitter.sandbox.limits import Limit
from careline_twitter.sandbox.problems import invalid
from careline_twitter.sandbox.records import Media
from careline_twitter.sandbox.wire import Reply

_LIFE: Final = timedelta(hours=24)
_MB: Final = 1024 * 1024
_MOST: Final = {"photo": 5 * _MB, "animated_gif": 15 * _MB, "video": 512 * _MB}
_CATEGORIES: Final = (
    "tweet_image", "tweet_gif", "tweet_video", "dm_image", "dm_gif", "dm_video",
)  # fmt: skip
_NAME = re.compile(rb'name="([^"]*)"')


def upload(call: Call) -> Reply:
    """Take a whole file."""
    fields = _fields(call)
    media = _opened(call, fields.get("media_category"), str(fields.get("media_type", "")))
    media.size = len(_file(fields))
    return _finished(call, media)


def initialize(call: Call) -> Reply:
    """Begin an upload in parts."""
    body = call.json("additional_owners media_category media_type shared total_bytes")
    media = _opened(call, body.get("media_category"), str(body.get("media_type", "")))
    media.state, total = "open", body.get("total_bytes", 0)
    if not isinstance(total, int) or total > _MOST[media.kind]:
        raise _too_big(media)
    return _told(call, media)


def append(call: Call) -> Reply:
    """Take one part."""
    media, fields = _mine(call, call.path["id"]), _fields(call)
    segment = str(fields.get("segment_index", ""))
    if media.state != "open" or not segment.isdigit() or int(segment) > 999:
        raise invalid("segment_index: must be 0 to 999, of an upload that is open")
    media.parts[int(segment)] = _file(fields)
    expires_at = int(media.expires_at.timestamp())
    return _meta({"data": {"expires_at": expires_at}}, call)


def finalize(call: Call) -> Reply:
    """End an upload in parts: what moves is processed first."""
    media = _mine(call, call.path["id"])
    if sorted(media.parts) != list(range(len(media.parts))) or not media.parts:
        raise invalid("Segments do not add up to provided total file size.")
    media.size = sum(map(len, media.parts.values()))
    return _finished(call, media)


def status(call: Call) -> Reply:
    """Tell how far the processing is: it is done by the first look."""
    media = _mine(call, call.asked.query.get("media_id", ""))
    if media.state == "pending":
        media.state = "ready"
    moves = media.kind != "photo"
    return _told(call, media, {"state": "succeeded", "progress_percent": 100} if moves else None)


def _opened(call: Call, category: Any, type: str) -> Media:
    if category not in _CATEGORIES:
        raise invalid(
            "$.media_category: is missing or not known", {"media_category": str(category)}
        )
    id = call.world.new_id()
    made = Media(id, call.me, category, type, 0, call.now + _LIFE)
    call.world.media[id] = made
    return made


def _finished(call: Call, media: Media) -> Reply:
    if media.size > _MOST[media.kind]:
        raise _too_big(media)
    media.parts.clear()
    media.state = "ready" if media.kind == "photo" else "pending"
    waits = media.state == "pending"
    return _told(call, media, {"state": "pending", "check_after_secs": 1} if waits else None)


def _too_big(media: Media) -> Exception:
    return invalid(f"File size exceeds {_MOST[media.kind]} bytes.")


def _mine(call: Call, id: str) -> Media:
    media = call.world.media.get(id)
    if media is None or media.owner is not call.me or media.expires_at <= call.now:
        raise invalid("Your media IDs are invalid.", {"media_id": id})
    return media


def _told(call: Call, media: Media, processing: Mapping[str, Any] | None = None) -> Reply:
    left = int((media.expires_at - call.now).total_seconds())
    told = {"id": media.id, "media_key": media.key, "size": media.size, "expires_after_secs": left}
    return _meta({"data": told | ({"processing_info": processing} if processing else {})}, call)


def _meta(payload: dict[str, Any], call: Call) -> Reply:
    """Spec 2.166 asks for a `meta` here that it does not describe; 2.167 knows none."""
    return Reply(payload | ({"meta": {}} if call.vocabulary == "tweet" else {}))


def _file(fields: Mapping[str, Any]) -> bytes:
    media = fields.get("media", b"")
    if isinstance(media, str):
        try:
            media = base64.b64decode(media, validate=True)
        except binascii.Error:
            raise invalid("$.media: is not base64") from None
    if not media:
        raise invalid("$.media: is missing but it is required")
    return bytes(media)


def _fields(call: Call) -> Mapping[str, Any]:
    """Return the fields of a JSON body, or of a form of parts."""
    kind, _, boundary = call.asked.headers.get("content-type", "").partition("boundary=")
    if not kind.startswith("multipart/form-data"):
        return call.json()
    fields: dict[str, Any] = {}
    for part in call.asked.body.split(b"--" + boundary.strip('"').encode())[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        if name := _NAME.search(head):
            content = value.removesuffix(b"\r\n")
            named = name[1].decode()
            fields[named] = content if named == "media" else content.decode()
    return fields


_WRITE = needs("media.write", app=False)
_LIMIT = Limit(user=500)
_PARTS = "/2/media/upload"
ROUTES = (
    Route("POST", _PARTS, upload, _WRITE, _LIMIT),
    Route("GET", _PARTS, status, _WRITE, _LIMIT, frozenset({"media_id", "command"})),
    Route("POST", f"{_PARTS}/initialize", initialize, _WRITE, _LIMIT),
    Route("POST", f"{_PARTS}/{{id}}/append", append, _WRITE, _LIMIT),
    Route("POST", f"{_PARTS}/{{id}}/finalize", finalize, _WRITE, _LIMIT),
)

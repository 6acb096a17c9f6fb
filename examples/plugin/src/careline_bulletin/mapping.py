"""From an entry of the board to an item of careline. Pure: the same entry gives the same item."""

import json
from datetime import datetime
from typing import Any

from careline.plugin import (
    Author,
    Direction,
    Item,
    Kind,
    Malformed,
    Message,
    Removed,
    Revised,
    Seen,
)

Entry = dict[str, Any]


def item(entry: Any) -> Item:
    """Return what an entry says. What cannot be understood is set aside, never an error."""
    try:
        at = datetime.fromisoformat(entry["at"])
        if entry.get("gone"):
            return Removed(entry["note"], at, by="author")
        note = message(entry, at)
        return Revised(note, note.external_id, at) if entry.get("changed") else Seen(note)
    except (KeyError, TypeError, ValueError) as error:
        place = f"entry {entry.get('entry')}" if isinstance(entry, dict) else "entries"
        return Malformed(json.dumps(entry, sort_keys=True).encode(), repr(error), place)


def message(entry: Entry, at: datetime) -> Message:
    """Return the note that an entry holds."""
    by, answers, staff = entry["by"], entry.get("answers"), bool(entry.get("staff"))
    return Message(
        external_id=entry["note"],
        kind=Kind.COMMENT if answers else Kind.POST if staff else Kind.MENTION,
        direction=Direction.OUT if staff else Direction.IN,
        addressed=not (staff or answers),  # what is pinned to our board is meant for us
        posted_at=at,
        author=Author(id=by["id"], name=by.get("name", "")),
        parent=answers,
        text=entry["text"],
    )

"""From a line of the day to what a channel hears. Pure."""

from datetime import datetime

from careline.builtin.practice.story import Line, Story
from careline.plugin import (
    Direction,
    Item,
    Kind,
    Message,
    Removed,
    Revised,
    Seen,
    Visibility,
)


def item(story: Story, line: Line, start: datetime) -> Item:
    """Return what is heard of `line` on a day that begins at `start`."""
    at = start + story.after(line)
    if line.deletes:
        return Removed(line.deletes, at, by="author")
    if line.edits:
        first = story.line(line.edits)
        said = message(story, first, start).model_copy(update={"text": line.text})
        return Revised(said, of=first.id, at=at)
    return Seen(message(story, line, start))


def message(story: Story, line: Line, start: datetime) -> Message:
    """Return the message that `line` says."""
    private = line.where is Kind.DIRECT
    ours = not line.who
    return Message(
        external_id=line.id,
        kind=line.where,
        posted_at=start + story.after(line),
        direction=Direction.OUT if ours else Direction.IN,
        visibility=Visibility.PRIVATE if private else Visibility.PUBLIC,
        author=story.author(line.who),
        to=story.author(line.to) if line.to else None,
        parent=line.re,
        root=f"dm-{line.to or line.who}" if private else _root(story, line),
        addressed=not ours and line.where is Kind.MENTION,
        text=line.text,
        rating=line.rating,
        sent_by=line.by,
    )


def _root(story: Story, line: Line) -> str:
    while line.re:
        line = story.line(line.re)
    return line.id

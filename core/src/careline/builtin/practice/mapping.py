"""From a line of the day, or what we did, to what a channel hears. Pure."""

from datetime import datetime

from careline.builtin.practice.book import Done
from careline.builtin.practice.story import Line, Story
from careline.plugin import (
    Author,
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
        sent_by="automation" if line.by == "automation" else "elsewhere",
    )


def echo(story: Story, done: Done, us: Author) -> Item | None:
    """Return what is heard of something that we did; None: nothing."""
    if done.does == "delete" and done.about:
        return Removed(done.about, done.at, by="us")
    if done.does != "say":
        return None
    said = Message(
        external_id=done.id,
        kind=_kind(story, done),
        posted_at=done.at,
        direction=Direction.OUT,
        visibility=Visibility.PRIVATE if done.to else Visibility.PUBLIC,
        author=us,
        to=_customer(story, done.to) if done.to else None,
        parent=done.about,
        root=done.place,
        text=done.text,
    )
    return Seen(said)


def _customer(story: Story, id: str) -> Author:
    return story.author(id) if id in story.people else Author(id=id)


def _kind(story: Story, done: Done) -> Kind:
    if done.to:
        return Kind.DIRECT
    if done.place is None:
        return Kind.POST
    under = story.has(done.place) and story.line(done.place).where is Kind.POST
    return Kind.COMMENT if under else Kind.REPLY


def _root(story: Story, line: Line) -> str:
    while line.re:
        line = story.line(line.re)
    return line.id

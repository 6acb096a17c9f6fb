"""A post with 50,000 commenters: each comment costs what it costs under a post with 50."""

from collections import Counter
from contextlib import contextmanager

from sqlalchemy import event

from careline.plugin import Kind

COMMENT = {"kind": Kind.COMMENT, "addressed": False, "root": "9"}


class Effort(Counter):
    """What the database was asked to do: statements, rows handed over, rows read."""


@contextmanager
def effort(story):
    spent, engine = Effort(), story.desk.store.engine

    def count(conn, cursor, statement, parameters, context, many):
        spent["statements"] += 1
        spent["rows sent"] += len(parameters) if many else 1

    def wrap(conn, cursor, statement, parameters, context, many):
        if statement.lstrip().startswith("SELECT") and context.cursor.description:
            rows = context.cursor.fetchall()
            spent["rows read"] += len(rows)
            context.cursor_fetch_strategy = Fetched(context.cursor.description, rows)

    event.listen(engine, "before_cursor_execute", count)
    event.listen(engine, "after_cursor_execute", wrap)
    yield spent
    event.remove(engine, "before_cursor_execute", count)
    event.remove(engine, "after_cursor_execute", wrap)

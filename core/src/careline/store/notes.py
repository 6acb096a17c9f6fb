"""Notes: internal text about a conversation. Not messages: no channel is ever handed one."""

from sqlalchemy import Connection

from careline.ids import content_hash, derive
from careline.store.bulk import insert_new, query_in
from careline.store.log import log_event
from careline.store.tables import bodies
from careline.store.tables import notes as notes_table

_LATEST = """
SELECT m.id FROM messages m JOIN spans s ON s.thread = m.thread
WHERE m.conversation = s.conversation AND s.conversation IN"""


def put_note(conn: Connection, conversation: str, text: str, actor: str, at: int, salt: int) -> str:
    """Keep a note by the latest message of a conversation; return its id."""
    found = query_in(conn, _LATEST, [conversation], "ORDER BY m.fact_at DESC, m.depth DESC LIMIT 1")
    message = found[0][0]
    id = derive("n", message, actor, str(at), str(salt))
    columns = ("id", "conversation", "message", "actor", "at")
    insert_new(conn, notes_table, columns, [(id, conversation, message, actor, at)])
    body = (id, 0, text, content_hash(text))
    insert_new(conn, bodies, ("owner", "revised_at", "text", "hash"), [body])
    log_event(conn, at, actor, "note", conversation, {"note": id})
    return id

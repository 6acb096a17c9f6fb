"""All tables. Times are microseconds since 1970 in UTC; `docs/reference/store.md` draws them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeEngine

metadata = MetaData()


def _key(name: str = "id", type_: type[TypeEngine[str]] = String) -> Column[str]:
    return Column(name, type_, primary_key=True)


def _text(name: str, *, null: bool = True) -> Column[str]:
    return Column(name, Text, nullable=null)


def _time(name: str, *, null: bool = True) -> Column[int]:
    return Column(name, BigInteger, nullable=null)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, default=False)


meta = Table("meta", metadata, _key("name"), _text("value", null=False))

brands = Table("brands", metadata, _key(), _text("name", null=False))

accounts = Table(
    "accounts",
    metadata,
    _key(),
    _text("brand", null=False),
    _text("kind", null=False),
    _text("network"),
    _text("role"),
    _text("identity"),
)

agents = Table("agents", metadata, _key(), _text("name", null=False), _text("teams"))

cursors = Table(
    "cursors",
    metadata,
    _key("account"),
    _key("source"),
    _text("cursor"),
    _time("at"),
    _time("caught_up_at"),
)

credentials = Table(
    "credentials",
    metadata,
    _key("credential"),
    _key("key"),
    Column("version", Integer, nullable=False),
    Column("value", LargeBinary, nullable=False),
    _flag("secret"),
)

identities = Table(
    "identities",
    metadata,
    _key(),
    _text("network", null=False),
    _text("scope", null=False),
    _text("user", null=False),
    _text("name"),
    _text("handle"),
    Column("followers", BigInteger),
    _time("erased_at"),
)

persons = Table("persons", metadata, _key(), _time("at"), _text("actor"))

person_links = Table(
    "person_links",
    metadata,
    _key(),
    _text("person", null=False),
    _text("identity", null=False),
    _text("evidence"),
    _text("actor"),
    _time("at"),
    _time("undone_at"),
    _text("undone_by"),
    Index("person_links_identity", "identity"),
    Index("person_links_person", "person"),
)

_ANSWERS = text("parent IS NOT NULL")

messages = Table(
    "messages",
    metadata,
    _key(),
    _text("brand", null=False),
    _text("account", null=False),
    _text("network", null=False),
    _text("external_id", null=False),
    _text("kind", null=False),
    _text("direction", null=False),
    _text("visibility", null=False),
    _text("author"),
    _text("recipient"),
    _text("parent"),
    _text("quoted"),
    _text("root"),
    _time("posted_at", null=False),
    _time("received_at", null=False),
    _time("clock_at", null=False),
    _text("found_by"),
    _flag("live"),
    _flag("context"),
    _flag("addressed"),
    _text("sent_by"),
    Column("rating", Float),
    Column("rules", Integer, nullable=False),
    _text("hash", null=False),
    _time("revised_at"),
    _time("removed_at"),
    # where it belongs: a function of the chain of its ancestors (engine/placement.py)
    _text("thread"),
    _text("answers"),
    _text("place"),
    _text("role"),
    Column("depth", Integer, nullable=False),
    _time("fact_at", null=False),
    # which case: a function of all facts of its customer (engine/cases.py)
    _text("conversation"),
    # what holds of it: a person's word, the operator's rules, the classifiers
    _text("intent"),
    _text("sentiment"),
    _text("urgency"),
    Column("needs_reply", Boolean),
    _text("pii"),
    _text("labelled_by"),
    Index("messages_thread", "thread"),
    Index("messages_parent", "parent", sqlite_where=_ANSWERS, postgresql_where=_ANSWERS),
)

orphans = Table("orphans", metadata, _key("awaited"), _key("message"))

aliases = Table(
    "aliases", metadata, _key(), _text("message", null=False), Index("aliases_message", "message")
)

bodies = Table(
    "bodies",
    metadata,
    _key("owner"),
    Column("revised_at", BigInteger, primary_key=True),
    _text("text"),
    _text("title"),
    _text("lang"),
    _text("permalink"),
    _text("attachments"),
    _text("hash", null=False),
    _time("erased_at"),
)

revisions = Table(
    "revisions",
    metadata,
    _key("message"),
    Column("at", BigInteger, primary_key=True),
    _text("hash", null=False),
    _text("account"),
)

sightings = Table(
    "sightings",
    metadata,
    _key("message"),
    _key("account"),
    _text("source"),
    _text("batch"),
    _time("at", null=False),
)

observations = Table(
    "observations",
    metadata,
    _key("message"),
    _time("at", null=False),
    Column("likes", BigInteger),
    Column("reposts", BigInteger),
    Column("replies", BigInteger),
    Column("reach", BigInteger),
    Column("grew", Float),
)

deliveries = Table(
    "deliveries",
    metadata,
    _key("message"),
    Column("rank", Integer, nullable=False),
    _text("state", null=False),
    _time("at", null=False),
    _text("why"),
)

tombstones = Table(
    "tombstones",
    metadata,
    _key("object"),
    _time("at", null=False),
    _text("by"),
    _text("why"),
)

threads = Table(
    "threads",
    metadata,
    _key(),
    _text("brand", null=False),
    _text("network", null=False),
    _text("place", null=False),
    _text("customer"),
    _text("visibility", null=False),
    Index("threads_place", "place", "brand", "network"),
    Index("threads_customer", "customer", "brand"),
)

spans = Table(
    "spans",
    metadata,
    _key("thread"),
    _key("first"),
    _text("conversation", null=False),
    _text("customer"),
    _text("from_position", null=False),
    _text("to_position"),
    Index("spans_conversation", "conversation"),
)

conversations = Table(
    "conversations",
    metadata,
    _key(),
    _text("brand", null=False),
    _text("account", null=False),
    _text("channel", null=False),
    _text("customer"),
    _text("kind", null=False),
    _text("visibility", null=False),
    _text("first", null=False),
)

states = Table(
    "states",
    metadata,
    _key("conversation"),
    _text("brand", null=False),
    Column("fold_version", Integer, nullable=False),
    _text("position", null=False),
    _text("status", null=False),
    _text("intent"),
    _time("opened_at"),
    _time("answered_at"),
    _time("public_answered_at"),
    _time("waiting_since"),
    _time("due_at"),
    _time("rank_at", null=False),
    _time("last_at", null=False),
    _text("assignee"),
    _time("snoozed_until"),
    Column("reach", BigInteger),
    Column("grew", Float),
    _text("state", null=False),
    Index("states_inbox", "status", "rank_at", "conversation"),
    Index("states_opened", "opened_at"),
)

redirects = Table("redirects", metadata, _key("old"), _text("new", null=False))

acts = Table(
    "acts",
    metadata,
    _key(),
    _text("kind", null=False),
    _text("message", null=False),
    _text("other"),
    _text("actor", null=False),
    _time("at", null=False),
    _text("value"),
    Index("acts_message", "message"),
    Index("acts_other", "other"),
)

readings = Table(
    "readings",
    metadata,
    _key("message"),
    _key("classifier"),
    Column("revised_at", BigInteger, primary_key=True),
    _text("version"),
    _text("reading", null=False),
)

unread = Table("unread", metadata, _key("message"), _key("classifier"))

rule_sets = Table(
    "rule_sets",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("hash", String, nullable=False, unique=True),
    _text("rules", null=False),
    _time("at", null=False),
)

_SPEAKS = text("next_at IS NOT NULL")

deadlines = Table(
    "deadlines",
    metadata,
    _key("anchor"),
    _key("kind"),
    _text("conversation", null=False),
    _time("starts_at", null=False),
    _time("due_at", null=False),
    _text("warn_at", null=False),
    _time("next_at"),
    _time("paused_at"),
    _time("met_at"),
    _text("void"),
    Column("rules", Integer, nullable=False),
    _text("why", null=False),
    _flag("live"),
    Index("deadlines_next", "next_at", sqlite_where=_SPEAKS, postgresql_where=_SPEAKS),
    Index("deadlines_conversation", "conversation"),
)

effects = Table(
    "effects",
    metadata,
    _key("anchor"),
    _key("kind"),
    _key("stage"),
    _time("at", null=False),
    _text("conversation"),
    _time("closed_at"),
    _text("why"),
)

_OPEN = text("state IN ('queued', 'sending', 'unsure', 'parked')")
_DEAD = text("state = 'dead'")
_GOES = text("state IN ('queued', 'unsure')")
_DOUBT = text("state IN ('sending', 'unsure', 'parked')")

outbox = Table(
    "outbox",
    metadata,
    Column(
        "number",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    Column("id", String, nullable=False, unique=True),
    _text("lane", null=False),
    _text("kind", null=False),
    _text("brand", null=False),
    _text("thread"),
    _text("conversation"),
    _text("message"),
    _text("actor", null=False),
    _time("at", null=False),
    _text("state", null=False),
    _text("payload", null=False),
    Column("attempts", Integer, nullable=False, default=0),
    _time("next_at"),
    _time("tried_at"),
    Column("holder", Integer),
    _time("ended_at"),
    _text("reason"),
    _text("why"),
    _text("receipt"),
    _text("plan"),
    Column("step", Integer, nullable=False, default=0),
    _text("parcel"),
    Index("outbox_next", "lane", "number", sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("outbox_goes", "lane", "attempts", "number", sqlite_where=_GOES, postgresql_where=_GOES),
    Index("outbox_doubt", "brand", sqlite_where=_DOUBT, postgresql_where=_DOUBT),
    Index("outbox_dead", "lane", sqlite_where=_DEAD, postgresql_where=_DEAD),
    Index("outbox_message", "message"),
    Index("outbox_thread", "thread"),
    Index("outbox_conversation", "conversation"),
    Index("outbox_plan", "plan"),
)

echoes = Table(
    "echoes",
    metadata,
    _key("message"),
    _text("action", null=False),
    Index("echoes_action", "action"),
)

claims = Table(
    "claims",
    metadata,
    _key("message"),
    _text("action", null=False),
    _text("actor", null=False),
    _time("at", null=False),
    Index("claims_action", "action"),
)

_NO_CASE = text("conversation IS NULL")

alerts = Table(
    "alerts",
    metadata,
    _key(),
    _text("reason", null=False),
    _text("brand", null=False),
    _text("account", null=False),
    _text("conversation"),
    _text("message"),
    _text("deadline"),
    _time("due_at"),
    _time("at", null=False),
    _text("data"),
    _time("closed_at"),
    _text("why"),
    Index("alerts_conversation", "conversation"),
    Index("alerts_account", "account", sqlite_where=_NO_CASE, postgresql_where=_NO_CASE),
)

drafts = Table(
    "drafts",
    metadata,
    _key(),
    _text("conversation", null=False),
    _text("thread"),
    _text("kind", null=False),
    _text("actor", null=False),
    _text("state", null=False),
    _time("at", null=False),
    _time("promised"),
)

notes = Table(
    "notes",
    metadata,
    _key(),
    _text("conversation", null=False),
    _text("message", null=False),
    _text("actor", null=False),
    _time("at", null=False),
    Index("notes_message", "message"),
)

incidents = Table(
    "incidents",
    metadata,
    _key(),
    _text("brand", null=False),
    _text("title", null=False),
    _text("state", null=False),
    _time("at", null=False),
    _time("ended_at"),
)

events = Table(
    "events",
    metadata,
    Column(
        "id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    ),
    _time("at", null=False),
    _text("actor", null=False),
    _text("verb", null=False),
    _text("object", null=False),
    _text("data"),
    Index("events_object", "object"),
)

hearings = Table(
    "hearings", metadata, _key("listener"), Column("event", BigInteger, nullable=False)
)

rejected = Table(
    "rejected",
    metadata,
    _key(),
    _text("account", null=False),
    _text("source", null=False),
    _text("place"),
    _text("why", null=False),
    Column("raw", LargeBinary, nullable=False),
    Column("times", Integer, nullable=False),
    _time("at", null=False),
    _time("last_at", null=False),
)

counts = Table(
    "counts",
    metadata,
    _key("account"),
    _key("what"),
    Column("value", BigInteger, nullable=False),
)

ALL: tuple[Table, ...] = tuple(metadata.sorted_tables)

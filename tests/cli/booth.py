"""A booth: a made-up platform that speaks, whose channel answers `check` as its config says."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from careline.cli.main import cli

CONFIG = """
[store]
url = "sqlite:///careline.db"

[brands.acme]
name = "Acme"
timezone = "Europe/Berlin"

[agents.ann]
name = "Ann"
signature = "^AN"

[agents.bob]
name = "Bob"
signature = "^BO"

[agents.zoe]
name = "Zoe"
accounts = ["slate"]

[channels.booth]
kind = "booth"
said = "said.jsonl"
done = "done.jsonl"

[channels.slate]
kind = "slate"
said = "slate.jsonl"
done = "done.jsonl"

[channels.wall]
kind = "wall"
said = "wall.jsonl"
done = "done.jsonl"
"""
PLUGIN = """
import json
import os
from pathlib import Path

from pydantic import AwareDatetime, SecretStr

from careline.plugin import *


class Config(PluginConfig):
    said: Path
    done: Path
    refuses: Refusal | None = None
    only: str = ""
    note: str = ""
    until: AwareDatetime | None = None
    longest: int | None = 60
    cost: str = "0.01 USD"
    breaks: bool = False
    token: SecretStr = SecretStr("")
    fails: str = ""


class Booth(Channel[Config]):
    kind, title, Config = "booth", "Booth", Config
    capabilities = frozenset(Capability) - {
        Capability.STREAM, Capability.BACKFILL, Capability.WEBHOOK, Capability.PRIVATE_REPLY
    }
    sources = (Source("all", every=1.0, title="all"),)
    identity = Author(id="us", name="Acme")

    async def poll(self, source, cursor):
        lines = self.config.said.read_text().splitlines()
        return Batch(tuple(map(self.item, map(json.loads, lines[cursor or 0:]))), len(lines))

    def item(self, row):
        if "gone" in row:
            return Removed(row["gone"], self.context.clock.now(), by="author")
        private, ours = row.pop("private", False), row["by"] == "us"
        author = self.identity if ours else Author(
            id=row["by"], name=row.pop("name", ""), handle=row.pop("handle", "@" + row["by"])
        )
        return Seen(Message(
            external_id=row["id"],
            kind=Kind.DIRECT if private else Kind.MENTION,
            visibility=Visibility.PRIVATE if private else Visibility.PUBLIC,
            direction=Direction.OUT if ours else Direction.IN,
            author=author,
            to=Author(id=row["to"]) if "to" in row else None,
            parent=row.get("re"),
            root="dm-" + row.get("to", row["by"]) if private else None,
            posted_at=row["at"],
            text=row["text"],
        ))

    def check(self, thread, action):
        config, kind = self.config, type(action).__name__.lower()
        if config.breaks:
            raise KeyError("no shelf for " + config.token.get_secret_value())
        if config.refuses and config.only in ("", kind):
            return Permission.no(config.refuses, config.note, until=config.until)
        longest = config.longest if hasattr(action, "text") else None
        return Permission.yes(
            until=config.until, max_length=longest, note=config.note, cost=config.cost
        )

    async def perform(self, action):
        if self.config.fails == "for good":
            raise Rejected(Refusal.RECIPIENT_REFUSES)
        if self.config.fails == "not now":
            raise Transient("come back later", sent=False)
        with self.config.done.open("a") as file:
            file.write(json.dumps([action.id, type(action).__name__, getattr(action, "text", "")]))
            file.write("\\n")
        if self.config.fails == "after":
            raise Transient("the line is cut")
        return self.receipt(action)

    def receipt(self, action):
        ids = [json.loads(line)[0] for line in self.config.done.read_text().splitlines()]
        private = isinstance(action, Direct) and action.place is None
        opened = "dm-" + action.customer.id if private else None
        return Receipt((f"out-{ids.index(action.id) + 1}",), self.context.clock.now(), opened)

    async def find(self, action, since):
        if self.config.fails:
            raise Transient("the line is cut")
        done = self.config.done.read_text() if self.config.done.exists() else ""
        return self.receipt(action) if action.id in done else None


class Slate(Booth):
    kind, title = "slate", "Slate"
    capabilities = frozenset({Capability.POLL})


class Wall(Booth):
    kind, title = "wall", "Wall"
    capabilities = Booth.capabilities - {Capability.FIND}


@hookimpl
def careline_channels():
    return (Booth, Slate, Wall)
"""
DIST = {
    "booth-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: booth\nVersion: 1\n",
    "booth-1.dist-info/entry_points.txt": "[careline]\nbooth = booth_plugin\n",
    "booth_plugin.py": PLUGIN,
}


def said(id: str, by: str, text: str, at: str, day: int = 20, **more: Any) -> str:
    """Return a line of what is heard."""
    said = {"id": id, "by": by, "text": text, "at": f"2026-11-{day}T{at}Z", **more}
    return json.dumps(said) + "\n"


SAID = (
    said("1", "kim", "My lamp is broken. What can I do?", "09:00:00"),
    said("2", "lee", "Where is my order?", "09:01:00"),
    said("d2", "lee", "It is order 77.", "09:02:00", private=True),
    said("3", "max", "It does not work!", "09:03:00"),
    '{"gone": "3"}\n',
    said("d4", "us", "You have won a lamp.", "09:04:00", private=True, to="noa"),
    said("d5", "sam", "Is it ready?", "09:05:00", private=True),
)
SLATE = said("s1", "ole", "Hello? Is anybody there?", "09:06:00")


def open_booth(folder: Path) -> None:
    """Write the plugin, its configuration, and what it hears, to a folder."""
    for name, text in DIST.items():
        path = folder / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "careline.toml").write_text(CONFIG, encoding="utf-8")
    (folder / "said.jsonl").write_text("".join(SAID), encoding="utf-8")
    (folder / "slate.jsonl").write_text(SLATE, encoding="utf-8")
    (folder / "wall.jsonl").touch()


@dataclass(frozen=True)
class Booth:
    """A folder in which the booth was heard, and careline called in it."""

    folder: Path

    def __call__(self, *args: str) -> Result:
        """Call a command in this process."""
        return CliRunner().invoke(cli, list(args))

    def json(self, *args: str) -> dict[str, Any]:
        """Return what a command that goes well writes as JSON."""
        result = self(*args, "--json")
        assert result.exit_code == 0, result.stderr
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    def line(self, *args: str) -> str:
        """Return what a command that goes well says."""
        result = self(*args)
        assert (result.exit_code, result.stderr) == (0, ""), result.stderr
        return result.stdout

    def case(self, customer: str) -> str:
        """Return the id of a customer's conversation."""
        states = ("new", "open", "waiting_customer", "resolved", "ignored")
        asked = [word for state in states for word in ("--state", state)]
        rows = self.json("conversations", *asked)["conversations"]
        return next(str(row["id"]) for row in rows if row["customer"]["user"] == customer)

    def show(self, customer: str) -> dict[str, Any]:
        """Return a customer's conversation."""
        return self.json("show", self.case(customer))

    def thread(self, customer: str, visibility: str = "public") -> str:
        """Return the id of a customer's thread."""
        spans = self.show(customer)["spans"]
        return next(str(one["thread"]) for one in spans if one["visibility"] == visibility)

    def message(self, customer: str, place: int = 0) -> str:
        """Return the id of a message of a customer's conversation."""
        return str(self.show(customer)["messages"][place]["id"])

    def order(self, *args: str) -> str:
        """Return under which id a verb queues its first part."""
        return str(self.json(*args)["orders"][0]["id"])

    def hears(self, line: str) -> None:
        """Have one more line heard."""
        with (self.folder / "said.jsonl").open("a", encoding="utf-8") as file:
            file.write(line)
        self.runs()

    def runs(self, *options: str) -> Result:
        """Hear and send what is due."""
        return self("run", "--once", *options)

    def done(self) -> list[tuple[str, str]]:
        """Return what was done on the platform: the kind of each action and its text."""
        path = self.folder / "done.jsonl"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [(kind, text) for _, kind, text in map(json.loads, lines)]

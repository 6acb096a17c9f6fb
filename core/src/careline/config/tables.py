"""The tables of the file as pydantic models: their keys, what each means, what it may be."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    WithJsonSchema,
)

from careline.config.policy import Age, DaySpans, Hours, Zone
from careline.models import Brand, Kind

DEFAULT_STORE = "sqlite:///careline.db"
_PORT = re.compile(r"\w+(?:\+\w+)?://(?:[^:/]*(?::[^@]*)?@)?(?:\[[^/?]+\]|[^/:?]*)(?::([^/?]*))?")
"""As SQLAlchemy reads it: a password may hold what a URL else may not."""
_SCHEMES = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")


def _moment(value: Any) -> Any:
    """Read a day or a time; a bare number would else be taken for seconds since 1970."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            value = None
    if isinstance(value, date) and 1970 <= value.year < 9000:
        return value
    raise ValueError("a time is written like 2025-01-31 or 2025-01-31T08:00:00Z, from 1970 on")


def _database(value: str) -> str:
    try:
        known = urlsplit(value).scheme in _SCHEMES
    except ValueError:  # its text may hold the password
        known = False
    found = _PORT.match(value)
    if not known or found is None:
        raise ValueError("a store is sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE")
    port = found[1]
    if port and not (port.isdecimal() and len(port) < 6 and 0 < int(port) < 65_536):
        raise ValueError("its port is no number from 1 to 65535")
    return value


_SPANS = {"type": "array", "items": {"type": "string"}, "examples": [["09:00-17:30"]]}
OneDay = Annotated[DaySpans | None, WithJsonSchema(_SPANS)]


class Table(BaseModel):
    """Base of the core's tables: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class StoreSettings(Table):
    """Where everything is kept."""

    url: Annotated[str, AfterValidator(_database)] = Field(default=DEFAULT_STORE, repr=False)
    """`sqlite:///FILE`, relative to this file, or `postgresql+psycopg://USER@HOST/DATABASE`."""


class SecuritySettings(Table):
    """What protects the secrets that plugins keep."""

    key: SecretStr | None = None
    """Encrypts the tokens that plugins store, at rest."""


def _listen(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not (host and colon and port.isdecimal() and len(port) < 6 and int(port) < 65_536):
        raise ValueError("a place to listen is written HOST:PORT, like 127.0.0.1:8765")
    return value


def _mount(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ValueError("a public address is written like https://care.example/careline")
    return value.rstrip("/")


class WebSettings(Table):
    """Where `careline run` serves webhooks and health. Without this table it serves none."""

    listen: Annotated[str, AfterValidator(_listen)] = "127.0.0.1:8765"
    """Host and port; port 0 takes a free one. A proxy with TLS stands before it."""
    mount: Annotated[str, AfterValidator(_mount)] | None = None
    """The address by which platforms reach it: `https://care.example`."""


class RetentionSettings(Table):
    """What is forgotten by itself. Left out: nothing is."""

    words: Age | None = None
    """How long words are kept after they were posted, of customers and ours: `730d`."""
    raw: Age | None = None
    """How long what was set aside is kept: `30d`."""


class PluginsSettings(Table):
    """Which plugins are used."""

    disabled: tuple[str, ...] = ()
    """Plugins that are not loaded: by name, by distribution, or `distribution:name`."""


class HoursTable(Table):
    """When a brand answers: several spans a day; a day left out is none."""

    mon: OneDay = None
    tue: OneDay = None
    wed: OneDay = None
    thu: OneDay = None
    fri: OneDay = None
    sat: OneDay = None
    sun: OneDay = None
    holidays: tuple[date, ...] = ()
    """Days on which nobody answers."""

    def as_hours(self) -> Hours:
        """Return them as deadlines read them."""
        days = {day: spans for day, spans in self if day != "holidays" and spans is not None}
        return Hours.model_construct(days=days, holidays=self.holidays)


class _Brand(Table):
    name: str
    """As customers know it."""
    handles: tuple[str, ...] = ()
    """Its names on the platforms: `@acme`."""
    terms: tuple[str, ...] = ()
    """What else it is called: words to search for."""
    languages: tuple[str, ...] = ()
    """Languages that it answers in, as tags: `en`, `pt-BR`."""
    timezone: Zone = "UTC"
    """Whose days and hours hold: `Europe/Berlin`."""


class BrandSettings(_Brand):
    """Whom the customers speak to."""

    hours: Hours | None = None

    def as_brand(self, name: str) -> Brand:
        """Return the brand as plugins are shown it; `name` is its table's."""
        return Brand(id=name, **self.model_dump(exclude={"hours"}))


class BrandTable(_Brand):
    """Whom the customers speak to, as it is written."""

    hours: HoursTable | None = None
    """When it answers: `mon = ["09:00-12:00", "13:00-17:30"]` and so on, and `holidays`."""

    def checked(self) -> BrandSettings:
        """Return the settings."""
        rest = {name: value for name, value in self if name != "hours"}
        hours = self.hours.as_hours() if self.hours else None
        return BrandSettings.model_construct(**rest, hours=hours)


class AgentSettings(Table):
    """A person of ours."""

    name: str
    """As colleagues know them."""
    signature: str = ""
    """Ends their answers: `^AN`."""
    teams: tuple[str, ...] = ()
    """The teams they are in."""
    role: str = "agent"
    """What they are, for colleagues to read: it is kept, and allows or forbids nothing yet."""
    accounts: tuple[str, ...] = ()
    """The channels they may speak on; none named: all."""


class PluginTable(Table):
    """The core's keys of every table that a plugin stands behind."""

    kind: str
    """Which plugin's class it is."""
    enabled: bool = True
    """Whether it runs."""


class AccountTable(PluginTable):
    """The core's keys of a channel."""

    brand: str | None = None
    """Whose account it is; may be left out while there is one brand."""
    role: Literal["care", "marketing", "personal"] = "care"
    """What the account is for: it is kept and shown, and changes nothing yet."""
    since: Annotated[datetime | None, BeforeValidator(_moment)] = None
    """What was posted before this day or time is left out; a day is the brand's."""
    receipt: str = ""
    """Tells a customer at once, by machine, that we have their word; left out: nothing is sent."""
    opens: tuple[Kind, ...] | None = None
    """Which kinds of message open a conversation; left out: all but `post`."""

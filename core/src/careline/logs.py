"""Logs without secrets: loggers bound to an account, on the stdlib's, and a set-up for the CLI.

Nothing here touches a global setting but `configure`, which only the command line calls.
"""

import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from datetime import UTC, datetime
from json import dumps
from typing import Any
from urllib.parse import quote

import structlog
from pydantic import BaseModel, SecretStr

HIDDEN = "***"
_SECRET = "(?:token|key|secret|signature|password)"  # noqa: S105 -- names of secrets, not one
_SECRET_KEY = re.compile("(?i)token|secret|signature|password|authorization|api_?key")
# Repeats are bounded, so that a megabyte of hostile text costs no more than its length.
_PATTERNS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=%-]{8,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"(?i)(\boauth_\w{1,64}=\")[^\"]+"), rf"\1{HIDDEN}"),
    (re.compile(rf"(?i)((?:^|[?&])[^=&\s?]{{0,64}}{_SECRET}[^=&\s]{{0,64}}=)[^&\s\"'#]+"),
     rf"\1{HIDDEN}"),
    (re.compile(rf"(?i)([\"']\w{{0,64}}{_SECRET}\w{{0,64}}[\"']\s?:\s?[\"'])[^\"']+"),
     rf"\1{HIDDEN}"),
    (re.compile(r"(://)[^/@\s]{1,256}@"), rf"\1{HIDDEN}@"),
)  # fmt: skip


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Hide `secrets`, bearer and basic credentials, and parameters that are named like secrets."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    for pattern, shown in _PATTERNS:
        text = pattern.sub(shown, text)
    return text


_TELLING = 16  # shorter parts of a secret stand in other words, too


def secrets_of(config: object) -> Iterator[str]:
    """Yield the value of each `SecretStr` anywhere in a plugin's configuration."""
    if isinstance(config, SecretStr):
        secret = config.get_secret_value()
        yield secret
        _, mark, rest = secret.partition("_")  # whsec_..., sk_...: what follows is the secret
        if mark and len(rest) >= _TELLING:
            yield rest
    elif isinstance(config, BaseModel):
        yield from secrets_of([getattr(config, name) for name in type(config).model_fields])
    elif isinstance(config, Mapping):
        yield from secrets_of(list(config.values()))
    elif isinstance(config, list | tuple | set | frozenset):
        for value in config:
            yield from secrets_of(value)


class Redactor:
    """What one desk knows to be secret; a structlog processor that hides it in every value."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, ...]] = {}
        self._longest_first: tuple[str, ...] = ()

    def hide(self, source: str, secrets: Iterable[str]) -> None:
        """Hide these from now on, in place of what `source` named before.

        Secrets under 4 characters are left alone: hiding them would only garble the text.
        """
        found = {form for s in secrets if len(s) >= 4 for form in (s, quote(s, safe=""))}
        self._known[source] = tuple(found)
        everything = {secret for known in self._known.values() for secret in known}
        self._longest_first = tuple(sorted(everything, key=len, reverse=True))

    def text(self, text: str) -> str:
        """Return `text` without secrets."""
        return redact(text, self._longest_first)

    def __call__(
        self, logger: Any, method: str, values: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Return the values of a log line without secrets."""
        return {name: self._value(name, value) for name, value in values.items()}

    def _value(self, name: str, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if _SECRET_KEY.search(name):
            return HIDDEN
        if isinstance(value, Mapping):
            return {str(key): self._value(str(key), inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._value("", inner) for inner in value]
        return self.text(str(value))


def bind(account: str, redactor: Redactor) -> structlog.stdlib.BoundLogger:
    """Return the logger of an account: the stdlib's `careline.ACCOUNT`, with values by name.

    A host's own handlers and levels hold. Its formatters see the line as text, and the values in
    `record.careline`.
    """
    logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        logging.getLogger(f"careline.{account}"),
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.processors.format_exc_info,
            redactor,
            _to_stdlib,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        context_class=dict,
    ).bind(account=account)
    return logger


def _to_stdlib(
    logger: Any, method: str, values: MutableMapping[str, Any]
) -> tuple[tuple[str], dict[str, Any]]:
    """Hand a line over in one attribute: values of its own could clash with the record's."""
    parts = [_one_line(str(values.get("event", "")))]
    parts += [f"{n}={_shown(v)}" for n, v in values.items() if n not in ("event", "exception")]
    text = " ".join(parts)
    if "exception" in values:
        text += f"\n{values['exception']}"
    return (text,), {"extra": {"careline": dict(values)}}


def _one_line(text: str) -> str:
    return text if text.isprintable() else repr(text)[1:-1]


def _shown(value: Any) -> str:
    text = str(value)
    return text if text.isprintable() and text and " " not in text else repr(text)


class _Stderr(logging.Handler):
    """Writes to what `sys.stderr` is at that moment, as `click` and its tests replace it."""

    def __init__(self, redactor: Redactor, *, json: bool) -> None:
        super().__init__()
        self._redactor, self._json = redactor, json
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self._as_json(record) if self._json else self.format(record)
            sys.stderr.write(self._redactor.text(line) + "\n")
        except Exception:
            self.handleError(record)

    def _as_json(self, record: logging.LogRecord) -> str:
        values = getattr(record, "careline", None) or {"event": record.getMessage()}
        if record.exc_info:
            values = {**values, "exception": logging.Formatter().formatException(record.exc_info)}
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        head = {"at": at, "level": record.levelname.lower(), "logger": record.name}
        return dumps({**values, **head}, default=str, ensure_ascii=False)


def configure(*, verbose: bool = False, json: bool = False, redactor: Redactor) -> None:
    """Set up logging for this process, on standard error. Only the command line may call it."""
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, _Stderr)]:
        root.removeHandler(handler)
    root.addHandler(_Stderr(redactor, json=json))
    logging.getLogger("careline").setLevel(logging.DEBUG if verbose else logging.INFO)
    for library in ("httpx", "httpcore"):  # they log whole URLs at INFO
        logging.getLogger(library).setLevel(logging.WARNING)

"""The `console` notifier: writes each alert to standard error."""

import re
import sys
import threading
from typing import Final

from anyio.lowlevel import checkpoint

from careline.plugin import Alert, Notifier, PluginConfig, Receipt, Transient

_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069"
    "\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""What steers a terminal, hides itself or turns the line: controls, bidi marks, halves of pairs."""
_ONE_AT_A_TIME: Final = threading.Lock()
"""Standard error is the process's, whichever desk of it writes."""


class ConsoleConfig(PluginConfig):
    """Nothing to set."""


class Console(Notifier[ConsoleConfig]):
    """Writes each alert to standard error: its title on one line, its body indented below."""

    kind = "console"
    title = "Console"
    Config = ConsoleConfig

    async def notify(self, alert: Alert) -> Receipt:
        """Write it."""
        await checkpoint()
        try:
            with _ONE_AT_A_TIME:
                sys.stderr.write(as_text(alert))
                sys.stderr.flush()
        except (OSError, ValueError) as error:  # nobody reads it, or it was closed
            raise Transient(f"standard error takes nothing: {error}") from error
        return Receipt((alert.id,), self.context.clock.now())


def as_text(alert: Alert) -> str:
    """Return an alert as it is written; whatever is in it, a terminal shows it and obeys none."""
    title = " ".join(_safe(alert.title).split())
    lines = [f"ALERT {alert.reason}: {title}", *_safe(alert.body).strip().splitlines()]
    return "\n    ".join(lines) + "\n"


def _safe(text: str) -> str:
    r"""Return text with new lines and tabs as its only controls."""
    lines = text.replace("\r\n", "\n").expandtabs(4)
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", lines)

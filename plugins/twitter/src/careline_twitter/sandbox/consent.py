"""The page where somebody agrees that the app may act for them."""

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urlsplit

from careline_twitter.sandbox.app import SCOPES, App, Code
from careline_twitter.sandbox.records import User
from careline_twitter.sandbox.wire import Asked, Reply

if TYPE_CHECKING:
    from careline_twitter.sandbox.platform import Platform

_LONGEST_STATE: Final = 500
_PAGE: Final = """<!doctype html><title>Authorize app</title>
<h1>{app} wants to access your X account</h1><ul>{scopes}</ul>
<form method="post" action="/i/oauth2/authorize">{fields}
<button name="decision" value="allow">Authorize app</button>
<button name="decision" value="deny">Cancel</button></form>"""


class Consent:
    """Lets somebody agree, and leads them back to the app with a code."""

    def __init__(self, platform: "Platform") -> None:
        """It keeps the codes in `platform`'s app."""
        self._platform = platform

    @property
    def _app(self) -> App:
        return self._platform.app

    def answer(self, asked: Asked) -> Reply | None:
        """Answer a request for the page; None: it is about something else."""
        match asked.method, asked.path:
            case "GET", "/i/oauth2/authorize":
                return self._page(asked.query)
            case "POST", "/i/oauth2/authorize":
                where = self.decide(asked.form, allow=asked.form.get("decision") == "allow")
                return _lost() if where is None else Reply(status=302, headers={"location": where})
        return None

    def _page(self, said: Mapping[str, str]) -> Reply:
        if self._wrong(said):
            return _lost()
        fields = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in said.items()
        )
        scopes = "".join(f"<li>{html.escape(one)}</li>" for one in said["scope"].split())
        page = _PAGE.format(app=html.escape(self._app.client_id), scopes=scopes, fields=fields)
        return Reply(page, content_type="text/html; charset=utf-8")

    def decide(
        self, said: Mapping[str, str], *, allow: bool, user: User | None = None
    ) -> str | None:
        """Return where the browser is led when somebody has decided; None: nowhere."""
        if self._wrong(said):
            return None
        state = {"state": said["state"]}
        if not allow:
            return f"{said['redirect_uri']}?{urlencode({**state, 'error': 'access_denied'})}"
        code = self._platform.secret("code")
        self._app.codes[code] = Code(
            user or self._platform.us,
            frozenset(said["scope"].split()),
            said["redirect_uri"],
            said["code_challenge"],
            said.get("code_challenge_method", "plain"),
            self._platform.world.now(),
        )
        joined = "&" if urlsplit(said["redirect_uri"]).query else "?"
        return f"{said['redirect_uri']}{joined}{urlencode({**state, 'code': code})}"

    def _wrong(self, said: Mapping[str, str]) -> bool:
        scopes = said.get("scope", "").split()
        return not (
            said.get("response_type") == "code"
            and said.get("client_id") == self._app.client_id
            and self._app.leads_back(said.get("redirect_uri", ""))
            and 0 < len(said.get("state", "")) <= _LONGEST_STATE
            and bool(said.get("code_challenge"))
            and said.get("code_challenge_method", "plain") in ("S256", "plain")
            and bool(scopes)
            and set(scopes) <= set(SCOPES)
        )


def _lost() -> Reply:
    page = "<!doctype html><title>X</title><h1>Something went wrong</h1>"
    page += "<p>You weren't able to give access to the App."
    return Reply(page, 400, content_type="text/html; charset=utf-8")

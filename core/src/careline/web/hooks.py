"""Webhooks: `/hooks/KIND` and all below it, answered once what they say is kept.

200   kept, known already, or set aside; or the answer to a platform's handshake
4xx   the channel's refusal (a wrong signature), or 404, 405, 408, 413 of ours
503   not kept (the disk is full): the platform repeats it
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from careline.contract.channel import Challenge, Denied, Webhook
from careline.desk import Desk
from careline.engine.health import Unavailable
from careline.engine.receiving import HOOKS
from careline.errors import NotFound, StoreError
from careline.web.bodies import Bodies

_METHODS: Final = ("GET", "POST")
_AGAIN: Final = {"retry-after": "30"}


@dataclass(frozen=True, slots=True)
class Hooks:
    """The endpoints of all kinds of channels."""

    desk: Desk
    bodies: Bodies

    def routes(self) -> Sequence[Route]:
        """Return them; what stands below `/hooks/KIND` is the channel's own business."""
        paths = (f"{HOOKS}/{{kind}}", f"{HOOKS}/{{kind}}/{{rest:path}}")
        return [Route(path, self.take, methods=_METHODS) for path in paths]

    async def take(self, request: Request) -> Response:
        """Take one webhook."""
        kind = request.path_params["kind"]
        if request.method not in _METHODS:  # HEAD comes with GET
            raise HTTPException(405, headers={"allow": ", ".join(_METHODS)})
        if kind not in self.desk.endpoints:
            raise HTTPException(404, "there is no webhook of this kind")
        async with self.bodies.read(request) as body:
            return await self._receive(kind, self._webhook(request, body))

    def _webhook(self, request: Request, body: bytes) -> Webhook:
        scope = request.scope
        query = scope["query_string"].decode("latin-1")
        now = self.desk.clock.now()
        return Webhook(request.method, scope["path"], query, _headers(request), body, now)

    async def _receive(self, kind: str, webhook: Webhook) -> Response:
        try:
            said = await self.desk.receive(kind, webhook)
        except NotFound as error:
            raise HTTPException(404, str(error)) from error
        except (StoreError, Unavailable) as error:
            raise HTTPException(503, "it could not be kept: try again", _AGAIN) from error
        match said:
            case Challenge():
                return Response(said.body, media_type=said.content_type)
            case Denied():
                return PlainTextResponse("denied", said.status)
        return PlainTextResponse("kept")


def _headers(request: Request) -> dict[str, str]:
    """Return all headers, names in lower case; one that comes several times is a list."""
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found

"""The web side: webhooks in raw bytes, and how the desk does, as an ASGI app.

`asgi(desk)` is mounted in a host's own app, or served by `careline run`; `lifespan(desk)` holds the
desk open for as long as the host's app lives.
"""

from careline.web.app import asgi, lifespan

__all__ = ["asgi", "lifespan"]

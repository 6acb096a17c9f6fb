"""A stateful X on loopback, with its real wire format: for tests, docs and the demo."""

from careline_twitter.sandbox.app import SCOPES, App, Grant
from careline_twitter.sandbox.billing import PRICES, Bill
from careline_twitter.sandbox.platform import Sent
from careline_twitter.sandbox.records import Direct, Post, User
from careline_twitter.sandbox.sandbox import TOKENS, TwitterSandbox

__all__ = [
    "PRICES",
    "SCOPES",
    "TOKENS",
    "App",
    "Bill",
    "Direct",
    "Grant",
    "Post",
    "Sent",
    "TwitterSandbox",
    "User",
]

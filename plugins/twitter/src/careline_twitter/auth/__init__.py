"""How X is told who asks: bearer, OAuth 1.0a, OAuth 2.0 with its login and its refreshes."""

from careline_twitter.auth.credential import Credential, Credentials, Way
from careline_twitter.auth.login import Login, scopes_of
from careline_twitter.auth.tokens import SCOPES, Tokens

__all__ = ["SCOPES", "Credential", "Credentials", "Login", "Tokens", "Way", "scopes_of"]

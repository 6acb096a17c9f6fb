"""Refusals in X's own words: a problem document, or the older list of coded errors."""

from collections.abc import Mapping
from typing import Any, Literal

from careline_twitter.sandbox.wire import JSON_TYPE, PROBLEM_TYPE, Reply

Vocabulary = Literal["tweet", "post"]
_OLD, _NEW = "https://api.twitter.com/2/problems/", "https://api.x.com/2/problems/"


class Refused(Exception):
    """The request is answered with a problem, or with coded errors of the older kind."""

    def __init__(self, status: int, payload: Mapping[str, Any], type: str | None) -> None:
        """`type`: the end of the problem's address; None: it is of the older kind."""
        super().__init__(f"{status} {payload}")
        self.status, self.payload, self.type = status, payload, type
        self.headers: dict[str, str] = {}

    def reply(self, vocabulary: Vocabulary) -> Reply:
        """Return it as a reply."""
        if self.type is None:
            return Reply(self.payload, self.status, self.headers, JSON_TYPE)
        payload = {**self.payload, "type": type_of(self.type, vocabulary), "status": self.status}
        return Reply(payload, self.status, self.headers, PROBLEM_TYPE)


def problem(
    status: int, title: str, detail: str, type: str = "about:blank", **more: Any
) -> Refused:
    """Return a problem; `more`: what its kind adds."""
    return Refused(status, {"title": title, "detail": detail, **more}, type)


def legacy(status: int, code: int, message: str) -> Refused:
    """Return a coded error of the older kind."""
    return Refused(status, {"errors": [{"code": code, "message": message}]}, None)


def type_of(type: str, vocabulary: Vocabulary) -> str:
    """Return the address of a kind of problem."""
    base = _NEW if vocabulary == "post" else _OLD
    return type if ":" in type else base + type


def unauthorized() -> Refused:
    """The credential is not valid."""
    return problem(401, "Unauthorized", "Unauthorized")


def forbidden(detail: str = "You are not permitted to perform this action.") -> Refused:
    """It may not be done, for a reason that only `detail` tells."""
    return problem(403, "Forbidden", detail)


def wrong_kind(used: str, supported: str) -> Refused:
    """This endpoint takes another kind of credential."""
    detail = (
        f"Authenticating with {used} is forbidden for this endpoint.  Supported authentication"
        f" types are [{supported}]."
    )
    return problem(403, "Unsupported Authentication", detail, "unsupported-authentication")


def not_enrolled(client: str) -> Refused:
    """The app is not enrolled."""
    return problem(
        403,
        "Client Forbidden",
        "When authenticating requests to the X API v2 endpoints, you must use keys and tokens from"
        " an X developer App that is attached to a Project.",
        "client-forbidden",
        client_id=client,
        reason="client-not-enrolled",
        required_enrollment="Appropriate Level of API Access",
        registration_url="https://developer.x.com/en/docs/projects/overview",
    )


def no_access() -> Refused:
    """The access level does not hold this endpoint."""
    said = "You currently have access to a subset of X API V2 endpoints only. If you need access to"
    return legacy(403, 453, f"{said} this endpoint, you may need a different access level.")


def invalid(message: str, parameters: Mapping[str, str] | None = None) -> Refused:
    """A parameter is wrong."""
    told: dict[str, Any] = {"message": message}
    if parameters:
        told = {"parameters": {name: [value] for name, value in parameters.items()}, **told}
    detail = "One or more parameters to your request was invalid."
    return problem(400, "Invalid Request", detail, "invalid-request", errors=[told])


def not_found(kind: str, parameter: str, value: str) -> Refused:
    """Nothing has this id."""
    said = f"Could not find {kind} with {parameter}: [{value}]."
    more = {"resource_type": kind, "resource_id": value, "parameter": parameter, "value": value}
    return problem(404, "Not Found Error", said, "resource-not-found", **more)


def too_many(reset: int) -> Refused:
    """The window is used up until `reset`, in seconds since 1970."""
    refused = problem(429, "Too Many Requests", "Too Many Requests")
    refused.headers["x-rate-limit-reset"] = str(reset)
    return refused


def no_credits(account: str) -> Refused:
    """What was paid is used up."""
    said = f"Your enrolled account [{account}] does not have any credits to fulfill this request."
    return problem(402, "CreditsDepleted", said, "credits", account_id=account)


def too_many_connections(issue: str = "TooManyConnections", status: int = 429) -> Refused:
    """The stream is not given: its slots are taken, or it has no rules."""
    said = "This stream is currently at the maximum allowed connection limit."
    if issue != "TooManyConnections":
        said = "You must define rules before connecting to this stream."
    return problem(
        status, "ConnectionException", said, "streaming-connection", connection_issue=issue
    )


def missing(kind: str, parameter: str, value: str, vocabulary: Vocabulary) -> dict[str, Any]:
    """Return the error, beside the data, that something is not there."""
    return {
        "value": value,
        "detail": f"Could not find {kind} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": value,
        "type": type_of("resource-not-found", vocabulary),
    }


def hidden(kind: str, parameter: str, value: str, vocabulary: Vocabulary) -> dict[str, Any]:
    """Return the error, beside the data, that we may not see something."""
    return {
        "resource_id": value,
        "parameter": parameter,
        "resource_type": kind,
        "section": "data" if parameter in ("ids", "id") else "includes",
        "title": "Authorization Error",
        "value": value,
        "detail": f"Sorry, you are not authorized to see the {kind} with {parameter}: [{value}].",
        "type": type_of("not-authorized-for-resource", vocabulary),
    }

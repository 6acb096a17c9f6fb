"""The endpoints of open connections: which there are, and freeing their slots."""

from careline_twitter.sandbox.auth import needs
from careline_twitter.sandbox.call import Call, Route
from careline_twitter.sandbox.limits import Limit
from careline_twitter.sandbox.lines import Line
from careline_twitter.sandbox.problems import invalid
from careline_twitter.sandbox.wire import Reply

_ALL = ("active", "inactive", "all")


def listed(call: Call) -> Reply:
    """List the connections, newest first."""
    status, streams = call.asked.query.get("status", "active"), call.platform.streams
    if status not in _ALL:
        raise invalid(f"The `status` query parameter value [{status}] is not one of {_ALL}")
    active = streams.taken[::-1] if status != "inactive" else []
    past = [line for line in streams.past if line not in streams.taken]
    lines = [*active, *(past if status != "active" else [])][
        : call.number("max_results", 10, 1, 100)
    ]
    data = {"data": [line.told() for line in lines]} if lines else {}
    return Reply({**data, "meta": {"result_count": len(lines)}})


def clear_all(call: Call) -> Reply:
    """Free every slot."""
    return _cleared(call.platform.streams.clear(lambda line: True))


def clear_endpoint(call: Call) -> Reply:
    """Free the slots of one endpoint."""
    endpoint = call.path["endpoint_id"]
    return _cleared(call.platform.streams.clear(lambda line: line.endpoint == endpoint))


def clear_some(call: Call) -> Reply:
    """Free the slots of the connections that are named."""
    uuids = call.json("uuids").get("uuids", [])
    return _cleared(call.platform.streams.clear(lambda line: line.id in uuids))


def _cleared(lines: list[Line]) -> Reply:
    results = [{"uuid": line.id, "success": True} for line in lines]
    told = {"successful_kills": len(lines), "failed_kills": 0, "results": results}
    return Reply({"data": told})


_NEEDS, _LIMIT = needs(person=False), Limit(25)
_QUERY = frozenset({"status", "endpoints", "max_results", "pagination_token", "connection.fields"})
ROUTES = (
    Route("GET", "/2/connections", listed, _NEEDS, _LIMIT, _QUERY),
    Route("DELETE", "/2/connections", clear_some, _NEEDS, _LIMIT),
    Route("DELETE", "/2/connections/all", clear_all, _NEEDS, _LIMIT),
    Route("DELETE", "/2/connections/{endpoint_id}", clear_endpoint, _NEEDS, _LIMIT),
)

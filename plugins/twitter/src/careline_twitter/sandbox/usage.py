"""The endpoint that tells how many posts the project has read."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Final

from careline_twitter.sandbox.auth import needs
from careline_twitter.sandbox.call import Call, Route
from careline_twitter.sandbox.limits import Limit
from careline_twitter.sandbox.wire import Reply, stamp

CAP: Final = 3_000_000
_SHOWN: Final = ("project_cap", "project_id", "project_usage")


def usage(call: Call) -> Reply:
    """Tell what was read in the last days. The new spec has counts as texts."""
    written: Callable[[int], int | str] = str if call.vocabulary == "post" else int
    today, days = call.now.date(), call.number("days", 7, 1, 90)
    dates = [today - timedelta(days=back) for back in reversed(range(days))]
    read = {day: call.platform.bill.posts_read(day) for day in dates}
    daily = [
        {"date": stamp(datetime.combine(day, time(), UTC)), "usage": written(count)}
        for day, count in read.items()
    ]
    app = {"client_app_id": call.platform.app.id, "usage": daily, "usage_result_count": days}
    data = {
        "cap_reset_day": 1,
        "daily_client_app_usage": [app],
        "daily_project_usage": {"project_id": written(1), "usage": daily},
        "project_cap": written(CAP),
        "project_id": "1",
        "project_usage": written(sum(read.values())),
    }
    wanted = (*_SHOWN, *call.asked.query.get("usage.fields", "").split(","))
    return Reply({"data": {name: value for name, value in data.items() if name in wanted}})


ROUTES = (
    Route(
        "GET",
        "/2/usage/tweets",
        usage,
        needs(person=False),
        Limit(50),
        frozenset({"days", "usage.fields"}),
    ),
)

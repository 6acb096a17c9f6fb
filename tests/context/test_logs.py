"""Logs: no secret in any of them, none of a host's settings touched."""

import json
import logging
from collections.abc import Callable, Iterator

import pytest
import structlog
from pydantic import BaseModel, SecretStr

from careline.contract.context import Log
from careline.logs import Redactor, bind, configure, redact, secrets_of


@pytest.fixture
def redactor() -> Redactor:
    redactor = Redactor()
    redactor.hide("config", ["hunter2-hunter2", "p/w=1&2", "abc"])
    return redactor


@pytest.fixture
def stderr(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """Read standard error; the logging of this process is put back as it was."""
    names = ("", "careline", "httpx", "httpcore")
    levels = {name: logging.getLogger(name).level for name in names}
    handlers = list(logging.getLogger().handlers)
    yield lambda: capsys.readouterr().err
    logging.getLogger().handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer AAAA%2Fbbb.ccc-ddd", "Authorization: Bearer ***"),
        ("authorization: Basic dXNlcjpwYXNzd29yZA==", "authorization: Basic ***"),
        ("https://x.example/a?q=1&access_token=12&b", "https://x.example/a?q=1&access_token=***&b"),
        ("GET /a?api_key=12 failed", "GET /a?api_key=*** failed"),
        ("client_secret=12&grant=x", "client_secret=***&grant=x"),
        ("?X-Amz-Signature=12#top", "?X-Amz-Signature=***#top"),
        ('{"refresh_token": "12", "scope": "read"}', '{"refresh_token": "***", "scope": "read"}'),
        ("smtp://me:pw@mail.example:25", "smtp://***@mail.example:25"),
        ('OAuth oauth_token="12", realm="34"', 'OAuth oauth_token="***", realm="34"'),
        ("no password, see /key?q=1", "no password, see /key?q=1"),
        ("the bearer of news", "the bearer of news"),
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_hidden_and_nothing_else(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_secrets_of_the_configuration_are_hidden_in_any_form(redactor: Redactor) -> None:
    assert redactor.text("x hunter2-hunter2 y") == "x *** y"
    assert redactor.text("p/w=1&2 and p%2Fw%3D1%262") == "*** and ***"
    assert redactor.text("abc is too short to hide") == "abc is too short to hide"


def test_a_renewed_secret_takes_the_place_of_the_former_one(redactor: Redactor) -> None:
    redactor.hide("x/oauth", ["first-access-token"])
    redactor.hide("x/oauth", ["second-access-token"])
    assert redactor.text("second-access-token hunter2-hunter2") == "*** ***"


def test_hostile_text_costs_no_more_than_its_length() -> None:
    for word in ("token", "?", "://", "'token", "bearer ", "a"):
        assert redact(word * 200_000)  # quadratic, one of these takes minutes


def test_every_secret_of_a_plugins_configuration_is_found() -> None:
    class Inner(BaseModel):
        key: SecretStr = SecretStr("two")

    class Config(BaseModel):
        token: SecretStr = SecretStr("one")
        name: str = "Acme"
        parts: dict[str, list[Inner]] = {"a": [Inner()]}

    assert list(secrets_of(Config())) == ["one", "two"]


def test_a_line_reaches_the_hosts_logging_as_text_and_as_values(
    redactor: Redactor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "careline")
    log: Log = bind("acme-x", redactor)
    log.debug("not asked for")
    log.info("caught up", source="mentions", items=3, name="a b", message="100%s")
    [record] = caplog.records
    assert record.name == "careline.acme-x"
    assert record.getMessage() == (
        "caught up account=acme-x source=mentions items=3 name='a b' message=100%s"
    )
    assert record.careline["items"] == 3  # type: ignore[attr-defined]


def test_no_secret_is_in_any_value_nor_in_a_traceback(
    redactor: Redactor, caplog: pytest.LogCaptureFixture
) -> None:
    log = bind("acme-x", redactor)
    try:
        raise ValueError("refused hunter2-hunter2")
    except ValueError as error:
        log.error(
            "hunter2-hunter2",
            exc_info=error,
            url="https://x.example/?token=t0p",
            sent={"Authorization": "t0p", "body": ["hunter2-hunter2", SecretStr("t0p")]},
            error=error,
        )
    [record] = caplog.records
    everything = f"{record.__dict__} {caplog.text}"
    assert "Traceback" in everything
    assert "hunter2-hunter2" not in everything
    assert "t0p" not in everything


def test_a_value_cannot_forge_a_line(redactor: Redactor, caplog: pytest.LogCaptureFixture) -> None:
    bind("acme-x", redactor).warning("set aside\nERROR forged", why="x\nERROR forged")
    [record] = caplog.records
    assert "\n" not in record.getMessage()


def test_binding_a_logger_changes_nothing_of_the_hosts(redactor: Redactor) -> None:
    root = logging.getLogger()
    before = (list(root.handlers), root.level, structlog.is_configured(), logging.getLoggerClass())
    bind("acme-x", redactor).error("something")
    after = (list(root.handlers), root.level, structlog.is_configured(), logging.getLoggerClass())
    assert before == after


def test_the_command_line_shows_lines_on_standard_error(
    redactor: Redactor, stderr: Callable[[], str]
) -> None:
    configure(redactor=redactor)
    configure(redactor=redactor)
    log = bind("acme-x", redactor)
    log.debug("for developers")
    log.info("caught up", items=3)
    logging.getLogger("httpx").info("GET https://x.example/?access_token=12")
    logging.getLogger("some.library").warning("hunter2-hunter2")
    lines = stderr().splitlines()
    assert [line.partition(" ")[2] for line in lines] == [
        "INFO caught up account=acme-x items=3",
        "WARNING ***",
    ]


def test_verbose_shows_what_developers_ask_for(
    redactor: Redactor, stderr: Callable[[], str]
) -> None:
    configure(verbose=True, redactor=redactor)
    bind("acme-x", redactor).debug("request", path="/me")
    logging.getLogger("httpcore").debug("everything")
    assert stderr().endswith("DEBUG request account=acme-x path=/me\n")


def test_json_lines_are_for_machines(redactor: Redactor, stderr: Callable[[], str]) -> None:
    configure(json=True, redactor=redactor)
    bind("acme-x", redactor).error("plugin failed", exc_info=ValueError("hunter2-hunter2"), items=3)
    try:
        raise ValueError('quoted " hunter2-hunter2')
    except ValueError:
        logging.getLogger("some.library").exception("it broke")
    ours, theirs = map(json.loads, stderr().splitlines())
    assert ours.pop("at").endswith("+00:00")
    assert ours.pop("exception") == "ValueError: ***"
    assert ours == {
        "event": "plugin failed",
        "items": 3,
        "account": "acme-x",
        "level": "error",
        "logger": "careline.acme-x",
    }
    assert (theirs["event"], theirs["logger"]) == ("it broke", "some.library")
    assert theirs["exception"].endswith('ValueError: quoted " ***')

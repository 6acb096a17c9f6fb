from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from careline.config import load
from careline.config.policy import DEFAULT_DEADLINES
from careline.models import Kind
from careline.registry import Registry

WHOLE = """
[store]
url = "sqlite:///desk.db"
[brands.acme]
name = "Acme"
handles = ["@acme"]
timezone = "Europe/Berlin"
[brands.acme.hours]
mon = ["13:00-17:30", "09:00-12:00"]
holidays = [2026-12-25]
[agents.ann]
name = "Ann"
signature = "^AN"
accounts = ["acme-x"]
[channels.acme-x]
kind = "bird"
since = 2025-06-01
opens = ["mention", "direct"]
token = {env = "TOKEN"}
tags = "one"
folder = "in"
limits = {per_hour = 9}
[notifiers.on-call]
kind = "pager"
to = ["ann"]
[[deadlines]]
when = {intent = "problem", brand = "acme", channel = "acme-x"}
first_reply = "30m"
[[labels]]
words = ["refund"]
intent = "problem"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "careline.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_whole_file_becomes_settings(tmp_path: Path, registry: Registry) -> None:
    settings = load(written(tmp_path, WHOLE), registry, environ={"TOKEN": "t0p"})
    assert settings.base == tmp_path
    assert settings.store.url == f"sqlite:///{tmp_path}/desk.db"
    brand = settings.brands["acme"]
    assert brand.hours is not None
    assert brand.hours.days == {
        "mon": ((time(9), time(12)), (time(13), time(17, 30))),
    }
    assert brand.hours.holidays == (date(2026, 12, 25),)
    assert settings.brand("acme").handles == ("@acme",)
    account = settings.channels["acme-x"]
    assert (account.kind, account.brand, account.role, account.enabled) == (
        "bird", "acme", "care", True,
    )  # fmt: skip
    assert account.since == datetime(2025, 5, 31, 22, tzinfo=UTC)  # midnight in Berlin
    assert account.opens == (Kind.MENTION, Kind.DIRECT)
    config = account.config.model_dump()
    assert config["token"].get_secret_value() == "t0p"
    assert config["tags"] == ("one",)
    assert config["folder"] == tmp_path / "in"
    assert config["limits"]["per_hour"] == 9
    assert settings.agents["ann"].signature == "^AN"
    assert settings.notifiers["on-call"].config.model_dump() == {"to": ("ann",)}
    assert settings.labels[0].words == ("refund",)


def test_the_operators_deadlines_stand_before_the_built_in_ones(
    tmp_path: Path, registry: Registry
) -> None:
    settings = load(written(tmp_path, WHOLE), registry, environ={"TOKEN": "t"})
    assert settings.deadlines[0].first_reply == timedelta(minutes=30)
    assert settings.deadlines[1:] == DEFAULT_DEADLINES


def test_nothing_written_is_a_desk_of_one_brand_with_cues(registry: Registry) -> None:
    settings = load({}, registry, environ={})
    assert list(settings.brands) == ["default"]
    assert {name: one.kind for name, one in settings.classifiers.items()} == {"cues": "cues"}
    assert settings.deadlines == DEFAULT_DEADLINES
    assert settings.store.url.endswith("/careline.db")
    assert settings.channels == {}


def test_a_channel_of_the_only_brand_need_not_name_it(registry: Registry) -> None:
    written = {"brands": {"acme": {"name": "Acme"}}, "channels": {"p": {"kind": "practice"}}}
    assert load(written, registry, environ={}).channels["p"].brand == "acme"


def test_classifiers_named_replace_the_implied_one(registry: Registry) -> None:
    assert load({"classifiers": {}}, registry, environ={}).classifiers == {}
    off = {"classifiers": {"cues": {"kind": "cues", "enabled": False}}}
    assert not load(off, registry, environ={}).classifiers["cues"].enabled


def test_disabling_the_cues_plugin_leaves_no_classifier(registry: Registry) -> None:
    settings = load({"plugins": {"disabled": ["cues"]}}, registry, environ={})
    assert settings.classifiers == {}


@pytest.mark.parametrize(
    ("since", "moment"),
    [
        ("2025-01-31", datetime(2025, 1, 31, tzinfo=UTC)),
        (date(2025, 1, 31), datetime(2025, 1, 31, tzinfo=UTC)),
        ("2025-01-31T08:00:00+02:00", datetime(2025, 1, 31, 6, tzinfo=UTC)),
        (datetime(2025, 1, 31, 8, tzinfo=UTC), datetime(2025, 1, 31, 8, tzinfo=UTC)),
    ],
)
def test_since_is_a_day_or_a_time(registry: Registry, since: object, moment: datetime) -> None:
    channels = {"channels": {"p": {"kind": "practice", "since": since}}}
    assert load(channels, registry, environ={}).channels["p"].since == moment


def test_settings_cannot_be_changed(registry: Registry) -> None:
    settings = load({}, registry, environ={})
    with pytest.raises(ValueError, match="frozen"):
        settings.store = settings.store
    with pytest.raises(ValueError, match="frozen"):
        settings.store.url = "sqlite:///other.db"


@pytest.mark.parametrize(
    "url", ["sqlite:////var/desk.db", "sqlite:///:memory:", "sqlite://", "postgresql+psycopg://h/d"]
)
def test_other_stores_are_taken_as_they_are(registry: Registry, url: str) -> None:
    assert load({"store": {"url": url}}, registry, environ={}).store.url == url


def test_a_windows_file_reads_as_any_other(tmp_path: Path, registry: Registry) -> None:
    path = tmp_path / "careline.toml"
    path.write_bytes(b"\xef\xbb\xbf[brands.acme]\r\nname = 'Acme'\r\n")
    assert load(path, registry, environ={}).brands["acme"].name == "Acme"


def test_set_wins_over_the_environment_and_that_over_the_file(
    tmp_path: Path, registry: Registry
) -> None:
    path = written(tmp_path, '[brands.big-co]\nname = "file"\nterms = ["x"]\nlanguages = ["en"]\n')
    environ = {
        "CARELINE__BRANDS__BIG_CO__NAME": "environment",
        "CARELINE__Brands__Big_Co__Terms": '["y", "z"]',
        "CARELINE_DEBUG": "1",
    }
    brand = load(
        path, registry, environ=environ, overrides=["brands.big-co.name=it's set = so"]
    ).brands["big-co"]
    assert brand.name == "it's set = so"
    assert brand.terms == ("y", "z")
    assert brand.languages == ("en",)


def test_an_override_makes_the_tables_on_its_way(registry: Registry) -> None:
    overrides = ["channels.p.kind=practice", "channels.p.enabled=false"]
    settings = load({}, registry, environ={}, overrides=overrides)
    assert not settings.channels["p"].enabled


def test_paths_of_the_command_line_are_relative_to_where_we_are(
    tmp_path: Path, registry: Registry
) -> None:
    overrides = ["channels.acme-x.folder=elsewhere", "store.url=sqlite:///here.db"]
    path = written(tmp_path, WHOLE)
    settings = load(path, registry, environ={"TOKEN": "t"}, overrides=overrides)
    assert settings.channels["acme-x"].config.model_dump()["folder"] == Path("elsewhere")
    assert settings.store.url == "sqlite:///here.db"


def test_a_mapping_is_left_as_it_was(registry: Registry) -> None:
    source = {"brands": {"acme": {"name": "Acme"}}}
    load(source, registry, environ={}, overrides=["brands.acme.name=Other"])
    assert source == {"brands": {"acme": {"name": "Acme"}}}

from collections.abc import Callable
from pathlib import Path

import pytest

from careline.config import explain, read
from careline.errors import NotFound
from careline.registry import Registry

TEXT = """
[store]
url = "postgresql+psycopg://me:hunter2@db/desk"
[brands.acme]
name = "Acme"
[channels.acme-x]
kind = "bird"
token = "hunter2"
region = "us"
backup = [{env = "B"}]
[[deadlines]]
first_reply = "1h"
"""


@pytest.fixture
def told(tmp_path: Path, registry: Registry) -> Callable[[str], str]:
    path = tmp_path / "careline.toml"
    path.write_text(TEXT)
    document = read(path, overrides=["channels.acme-x.every=30"])

    def tell(key: str) -> str:
        return explain(registry, key, document).replace(f"{tmp_path}/", "")

    return tell


def test_a_key_of_a_plugin(told: Callable[[str], str]) -> None:
    assert told("channels.acme-x.region") == (
        "channels.acme-x.region\n"
        "  Where it is asked.\n"
        "  type     one of eu, us\n"
        '  default  "eu"\n'
        '  now      "us"  (careline.toml:9)\n'
        "  from     birdhouse"
    )


def test_a_key_of_the_core_that_is_not_written(told: Callable[[str], str]) -> None:
    assert told("brands.acme.timezone") == (
        "brands.acme.timezone\n"
        "  Whose days and hours hold: `Europe/Berlin`.\n"
        "  type     text\n"
        '  default  "UTC"\n'
        "  now      the default\n"
        "  from     careline itself"
    )


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("channels.acme-x.token", "  now      (hidden)  (careline.toml:8)"),
        ("channels.acme-x.token", "  default  none: it must be given"),
        (
            "channels.acme-x.token",
            '  type     secret: {env = "..."}, {file = "..."} or {credential = "..."}',
        ),
        ("channels.acme-x.backup", '  now      [{env = "B"}]  (careline.toml:10)'),
        ("store.url", '  now      "postgresql+psycopg://me:***@db/desk"  (careline.toml:3)'),
        ("channels.acme-x.every", "  now      30  (--set)"),
        ("channels.acme-x.every", '  default  "60s"'),
        ("channels.acme-x.limits.per_hour", "  How many calls an hour."),
        ("channels.acme-x.columns.any", "  type     text"),
        ("channels.acme-x.folder", "  type     path, relative to the file"),
        ("channels.acme-x.brand", "  from     careline itself"),
        ("channels.bird.token", "  now      nothing"),
        ("channels.acme-x", "  region   Where it is asked"),
        ("classifiers.cues", "  kind     Which plugin's class it is"),
        ("deadlines[0].first_reply", '  now      "1h"  (careline.toml:12)'),
        ("deadlines.first_reply", "  default  nothing"),
        ("brands.acme.hours", "  holidays  Days on which nobody answers"),
        ("brands.acme.hours.mon", "  type     list of list of time"),
        ("plugins.disabled", "  type     list of text"),
    ],
)
def test_what_is_told_of(told: Callable[[str], str], key: str, line: str) -> None:
    text = told(key)
    assert line in text.splitlines()
    assert "hunter2" not in text


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("chanels.acme-x.token", "there is no key chanels. Did you mean 'channels'?"),
        (
            "channels.acme.token",
            "there is no key channels.acme. Did you mean 'acme-x'?",
        ),
        (
            "channels.acme-x.tokn",
            "there is no key channels.acme-x.tokn. Did you mean 'token'?",
        ),
        (
            "channels.acme-x.limits.per",
            "there is no key channels.acme-x.limits.per. Known here: key, per_hour.",
        ),
        ("brands.acme.name.x", "there is no key brands.acme.name.x."),
        ("channels", "say which: channels.NAME. Known here: bird, practice."),
        ("", 'there is no key "".'),
    ],
)
def test_an_unknown_key_names_the_nearest(told: Callable[[str], str], key: str, text: str) -> None:
    with pytest.raises(NotFound) as caught:
        told(key)
    assert str(caught.value).startswith(text)


def test_it_works_without_a_file(registry: Registry) -> None:
    assert "  now      the default" in explain(registry, "channels.bird.region").splitlines()

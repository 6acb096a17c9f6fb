"""Every kind of problem, in the very words that an operator reads."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from careline.config import ConfigError, Settings, load
from careline.config.settings import SECTIONS
from careline.errors import CarelineError
from careline.registry import Registry

BIRD = '[channels.acme-x]\nkind = "bird"\ntoken = {env = "TOKEN"}\n'
TWO = '[brands.acme]\nname = "A"\n[brands.other]\nname = "O"\n'


def said(registry: Registry, folder: Path, text: str, **options: object) -> list[str]:
    """Return the lines of the error that this file ends in, without the folder's name."""
    path = folder / "careline.toml"
    path.write_text(text, encoding="utf-8")
    environ = {"TOKEN": "s3cret-token", "EMPTY": ""}
    with pytest.raises(ConfigError) as caught:
        load(path, registry, environ=environ, **options)  # type: ignore[arg-type]
    assert isinstance(caught.value, CarelineError)
    assert caught.value.__cause__ is None
    return str(caught.value).replace(f"{folder}/", "").splitlines()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[brnds]\n", "careline.toml:1: brnds: unknown key. Did you mean 'brands'?"),
        (
            BIRD + 'tokn = "x"\n',
            "careline.toml:4: channels.acme-x.tokn: unknown key. Did you mean 'token'?",
        ),
        (
            BIRD + 'brnd = "x"\n',
            "careline.toml:4: channels.acme-x.brnd: unknown key. Did you mean 'brand'?",
        ),
        (
            BIRD + "limits = {per_huor = 1}\n",
            "careline.toml:4: channels.acme-x.limits.per_huor: unknown key. "
            "Did you mean 'per_hour'?",
        ),
        (
            BIRD + 'limits.per_hour = "many"\n',
            "careline.toml:4: channels.acme-x.limits.per_hour: should be a whole number",
        ),
        (
            BIRD + 'region = "mars"\n',
            "careline.toml:4: channels.acme-x.region: should be 'eu' or 'us'",
        ),
        (
            '[channels.a]\nkind = "bird"\n',
            "careline.toml:1: channels.a.token: is missing",
        ),
        (
            '[channels.a]\nkind = "brid"\n',
            "careline.toml:2: channels.a.kind: no channel is of kind 'brid'. Did you mean 'bird'?",
        ),
        (
            '[channels.a]\nkind = "facebook"\n',
            "careline.toml:2: channels.a.kind: the plugin for channel kind 'facebook' is not "
            "installed: pip install careline-facebook",
        ),
        (
            '[channels.a]\nkind = "pager"\n',
            "careline.toml:2: channels.a.kind: no channel is of kind 'pager', but a notifier is: "
            "it stands under [notifiers]",
        ),
        ("[channels.a]\nkind = 3\n", "careline.toml:2: channels.a.kind: should be text"),
        (
            '[channels.a]\nbrand = "default"\n',
            "careline.toml:1: channels.a.kind: is missing. Known here: bird, practice.",
        ),
        (
            '[channels."Acme X"]\nkind = "practice"\n',
            'careline.toml:1: channels."Acme X": a name has only a-z, 0-9 and hyphens',
        ),
        ("channels = 3\n", "careline.toml:1: channels: should hold tables: [channels.NAME]"),
        ("[channels]\na = 3\n", "careline.toml:2: channels.a: should be a table: [channels.a]"),
        ("store = 3\n", "careline.toml:1: store: should be a table"),
        (
            '[store]\nurl = "mysql://h/d"\n',
            "careline.toml:2: store.url: a store is sqlite:///FILE or "
            "postgresql+psycopg://USER@HOST/DATABASE",
        ),
        ("[brands.acme]\n", "careline.toml:1: brands.acme.name: is missing"),
        (
            '[brands.acme]\nname = "A"\ntimezone = "Europe/Berln"\n',
            "careline.toml:3: brands.acme.timezone: no time zone is named 'Europe/Berln': "
            "use a name like Europe/Berlin",
        ),
        (
            '[brands.acme]\nname = "A"\nhandles = "@a"\n',
            "careline.toml:3: brands.acme.handles: should be a list, in [brackets]",
        ),
        (
            '[brands.acme]\nname = "A"\n[brands.acme.hours]\nmonday = ["09:00-10:00"]\n',
            "careline.toml:4: brands.acme.hours.monday: unknown key. Did you mean 'mon'?",
        ),
        (
            '[brands.acme]\nname = "A"\n[brands.acme.hours]\nmon = "9-5"\n',
            "careline.toml:4: brands.acme.hours.mon: hours are written like "
            '["09:00-12:00", "13:00-17:30"]',
        ),
        (
            '[channels.a]\nkind = "practice"\nbrand = "acme"\n',
            "careline.toml:3: channels.a.brand: no brand is named 'acme'. Known here: default.",
        ),
        (
            f'{TWO}[channels.a]\nkind = "practice"\n',
            "careline.toml:5: channels.a.brand: is missing: there is more than one. "
            "Known here: acme, other.",
        ),
        (
            '[channels.a]\nkind = "practice"\nsince = 2025\n',
            "careline.toml:3: channels.a.since: a time is written like 2025-01-31 or "
            "2025-01-31T08:00:00Z, from 1970 on",
        ),
        (
            '[channels.a]\nkind = "practice"\nopens = ["tweet"]\n',
            "careline.toml:3: channels.a.opens[0]: should be 'mention', 'reply', 'quote', "
            "'comment', 'direct', 'review' or 'post'",
        ),
        (
            '[channels.a]\nkind = "practice"\nrole = "boss"\n',
            "careline.toml:3: channels.a.role: should be 'care', 'marketing' or 'personal'",
        ),
        (
            '[agents.ann]\nname = "Ann"\naccounts = ["acme"]\n[channels.acme-x]\nkind="practice"\n',
            "careline.toml:3: agents.ann.accounts: no channel is named 'acme'. "
            "Did you mean 'acme-x'?",
        ),
        (
            '[[deadlines]]\nfirst_reply = "1h"\n[[deadlines]]\nwhen = {brand = "defalt"}\n',
            "careline.toml:4: deadlines[1].when.brand: no brand is named 'defalt'. "
            "Did you mean 'default'?",
        ),
        (
            '[[labels]]\nwhen = {channel = "x"}\nwords = ["a"]\n',
            "careline.toml:2: labels[0].when.channel: no channel is named 'x'",
        ),
        (
            '[[deadlines]]\nfirst_reply = "soon"\n',
            "careline.toml:2: deadlines[0].first_reply: a span of time is written like 30m, 1h, "
            "1h30m or 2d",
        ),
        (
            '[[deadlines]]\nfirst_repl = "1h"\n',
            "careline.toml:2: deadlines[0].first_repl: unknown key. Did you mean 'first_reply'?",
        ),
        ("[deadlines]\n", "careline.toml:1: deadlines: should be written [[deadlines]]"),
        (
            '[notifiers.p]\nkind = "pager"\n',
            "careline.toml:1: notifiers.p.to: is missing",
        ),
        (
            '[[deadlines]]\nfirst_reply = "367d"\n',
            "careline.toml:2: deadlines[0].first_reply: a span of time is 366 days at the most",
        ),
        (
            f'[[deadlines]]\nfirst_reply = "{"9" * 400}d"\n',
            "careline.toml:2: deadlines[0].first_reply: a span of time so long goes beyond all "
            "time",
        ),
        (
            '[[deadlines]]\nwhen = {sentiment = "negitive"}\n',
            "careline.toml:2: deadlines[0].when.sentiment: should be 'negative', 'neutral' or "
            "'positive'. Did you mean 'negative'?",
        ),
        (
            '[[deadlines]]\nwhen = {urgency = ["low", "hihg"]}\n',
            "careline.toml:2: deadlines[0].when.urgency[1]: should be 'high', 'normal' or 'low'. "
            "Did you mean 'high'?",
        ),
        (
            '[[labels]]\nurgency = "higher"\n',
            "careline.toml:2: labels[0].urgency: should be 'high', 'normal' or 'low'. "
            "Did you mean 'high'?",
        ),
        (
            '[[labels]]\nsentiment = "glum"\n',
            "careline.toml:2: labels[0].sentiment: should be 'negative', 'neutral' or 'positive'",
        ),
        (
            '[agents.system]\nname = "Sy"\n',
            "careline.toml:1: agents.system: is reserved: so careline names itself. "
            "Take another name.",
        ),
        (
            '[agents.automation]\nname = "Al"\n',
            "careline.toml:1: agents.automation: is reserved: so careline names itself. "
            "Take another name.",
        ),
        (
            '[store]\nurl = "postgresql+psycopg://me@db:54x2/desk"\n',
            "careline.toml:2: store.url: its port is no number from 1 to 65535",
        ),
        (
            '[store]\nurl = "postgresql+psycopg://db:65536/desk"\n',
            "careline.toml:2: store.url: its port is no number from 1 to 65535",
        ),
        (
            '[store]\nurl = "postgresql:desk"\n',
            "careline.toml:2: store.url: a store is sqlite:///FILE or "
            "postgresql+psycopg://USER@HOST/DATABASE",
        ),
        (
            BIRD + 'title = "boom"\n',
            "careline.toml:1: channels.acme-x: the plugin failed to check it: TypeError: a bug",
        ),
    ],
)
def test_what_is_said(registry: Registry, tmp_path: Path, text: str, line: str) -> None:
    assert said(registry, tmp_path, text) == [line]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            'a = 1\nb = "open\n',
            "careline.toml:2: is not valid TOML: illegal character '\\n'",
        ),
        ("a = 1\na = 2\n", "careline.toml:2: is not valid TOML: cannot overwrite a value"),
        ("a = [1,\n", "careline.toml:1: is not valid TOML: invalid value"),
        (f"a = {'1' * 5000}\n", None),
        (f"a = {'[' * 5000}\n", None),
    ],
)
def test_broken_toml(registry: Registry, tmp_path: Path, text: str, line: str | None) -> None:
    found = said(registry, tmp_path, text)
    assert len(found) == 1
    assert found[0].startswith("careline.toml:")
    assert line is None or found == [line]


def test_files_that_cannot_be_read(registry: Registry, tmp_path: Path) -> None:
    path = tmp_path / "careline.toml"
    with pytest.raises(ConfigError) as caught:
        load(path, registry, environ={})
    assert str(caught.value) == (
        f"{path}: there is no such file. `careline init` writes one; -c names another"
    )
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path, registry, environ={})
    path.write_bytes(b"a = 1\nb = '\xff'\n")
    with pytest.raises(ConfigError, match=r"careline.toml:2: is not UTF-8 text"):
        load(path, registry, environ={})


def test_all_problems_come_at_once_in_the_order_of_the_file(
    registry: Registry, tmp_path: Path
) -> None:
    text = (
        '[channels.a]\nkind = "bird"\nbrand = "acm"\ntokn = "x"\nregion = 3\n'
        '[brands.acme]\ntimezone = "Nowhere"\n[[deadlines]]\nwhen = {brand = "b"}\nwarn = [2]\n'
    )
    found = said(registry, tmp_path, text)
    assert [line.split(": ")[:2] for line in found] == [
        ["careline.toml:1", "channels.a.token"],
        ["careline.toml:3", "channels.a.brand"],
        ["careline.toml:4", "channels.a.tokn"],
        ["careline.toml:5", "channels.a.region"],
        ["careline.toml:6", "brands.acme.name"],
        ["careline.toml:7", "brands.acme.timezone"],
        ["careline.toml:9", "deadlines[0].when.brand"],
        ["careline.toml:10", "deadlines[0].warn[0]"],
    ]


@pytest.mark.parametrize("span", ["9", '["09:00"]', "[9, 17]", '"09:00+02:00-17:00"', '"-"'])
def test_hours_that_are_none_name_their_key_and_hide_no_other_problem(
    registry: Registry, tmp_path: Path, span: str
) -> None:
    text = f'[brands.acme]\nname = "A"\n[brands.acme.hours]\nfri = [{span}]\nsunday = []\n'
    first, second = said(registry, tmp_path, text)
    assert first.startswith("careline.toml:4: brands.acme.hours.fri: ")
    assert "write 09:00-17:00" in first or "names a zone" in first
    assert second.startswith("careline.toml:5: brands.acme.hours.sunday: unknown key")


@pytest.mark.parametrize(
    "place",
    ["me:p/w:x@db:5432/desk", "db/desk", "[::1]:5432/desk", "me@db:/desk", "/desk?host=/run/pg"],
)
def test_a_database_that_the_driver_takes_is_taken(registry: Registry, place: str) -> None:
    url = f"postgresql+psycopg://{place}"
    made = load({"store": {"url": {"env": "URL"}}}, registry, environ={"URL": url})
    assert made.store.url == url


def test_a_problem_names_what_set_the_key(registry: Registry, tmp_path: Path) -> None:
    overrides = ["channels.acme-x.region=mars", "nonsense", "channels.acme-x.kind.x=1"]
    assert said(registry, tmp_path, BIRD, overrides=overrides) == [
        "--set: nonsense: should be written KEY=VALUE, like channels.history.path=threads.jsonl",
        "--set: channels.acme-x.kind.x: channels.acme-x.kind is no table, so no key of it can "
        "be set",
        "--set: channels.acme-x.region: should be 'eu' or 'us'",
    ]
    with pytest.raises(ConfigError) as caught:
        load({}, registry, environ={"CARELINE__STORE__URI": "sqlite://"})
    assert str(caught.value) == "CARELINE__STORE__URI: store.uri: unknown key. Did you mean 'url'?"


def test_without_the_cues_plugin_the_implied_classifier_is_a_problem() -> None:
    with pytest.raises(ConfigError, match=r"cues\.kind: no classifier is of kind 'cues'"):
        load({}, Registry([], []), environ={})


SECRET = "hunter2-hunter2"


@pytest.mark.parametrize(
    ("token", "line"),
    [
        (
            f'"{SECRET}"',
            'channels.a.token: secrets never stand in the file: write {env = "A_TOKEN"}. '
            'Or {file = "..."}, or {credential = "..."}',
        ),
        (
            '{env = "NOPE"}',
            "channels.a.token: the environment variable NOPE is not set. "
            "Set it where careline starts: export NOPE=...",
        ),
        ('{env = "EMPTY"}', "channels.a.token: what {env = 'EMPTY'} points to is empty"),
        (
            '{file = "nope.txt"}',
            "channels.a.token: cannot read nope.txt: No such file or directory. "
            "Write the secret, and nothing else, to it",
        ),
        (
            '{credential = "tok"}',
            "channels.a.token: there is no credential 'tok' here. "
            "Have systemd bring it: LoadCredential=tok:/path/to/the/secret",
        ),
        (
            f'{{enve = "{SECRET}"}}',
            "channels.a.token: 'enve' is no way to give a secret. Did you mean 'env'?",
        ),
        (
            '{env = "TOKEN", file = "x"}',
            'channels.a.token: takes one of {env = "..."}, {file = "..."} or {credential = "..."}',
        ),
        ("{env = 3}", "channels.a.token: 'env' should be text"),
        ('{env = "BAD"}', "channels.a.token: what it points to is refused"),
    ],
)
def test_secrets_are_given_by_reference_and_never_repeated(
    registry: Registry, tmp_path: Path, token: str, line: str
) -> None:
    path = tmp_path / "careline.toml"
    path.write_text(f'[channels.a]\nkind = "bird"\ntoken = {token}\n')
    environ = {"TOKEN": SECRET, "EMPTY": "", "BAD": f"bad {SECRET}"}
    with pytest.raises(ConfigError) as caught:
        load(path, registry, environ=environ)
    assert str(caught.value).replace(f"{tmp_path}/", "") == f"careline.toml:3: {line}"
    assert SECRET not in repr(caught.value)
    assert SECRET not in repr(caught.value.problems)


def test_secrets_deep_inside_are_by_reference_too(registry: Registry, tmp_path: Path) -> None:
    text = f'{BIRD}limits = {{key = "{SECRET}"}}\nbackup = ["{SECRET}", {{env = "TOKEN"}}]\n'
    assert [line.partition(". ")[0] for line in said(registry, tmp_path, text)] == [
        "careline.toml:4: channels.acme-x.limits.key: secrets never stand in the file: "
        'write {env = "ACME_X_LIMITS_KEY"}',
        "careline.toml:5: channels.acme-x.backup[0]: secrets never stand in the file: "
        'write {env = "ACME_X_BACKUP_0"}',
    ]


def test_a_plugin_that_repeats_a_secret_is_blotted_out(registry: Registry, tmp_path: Path) -> None:
    found = said(registry, tmp_path, BIRD + 'title = {env = "TOKEN"}\n')
    assert found == ["careline.toml:1: channels.acme-x: the title *** is the token"]


def test_a_password_of_the_database_is_a_secret(registry: Registry, tmp_path: Path) -> None:
    text = f'[store]\nurl = "postgresql+psycopg://me:{SECRET}@db/desk"\n'
    assert said(registry, tmp_path, text) == [
        "careline.toml:2: store.url: secrets never stand in the file: write {env = "
        '"CARELINE_STORE"}. There it may be whole: postgresql+psycopg://USER:PASSWORD@HOST/DATABASE'
    ]


def test_references_bring_the_secret_and_nobody_shows_it(
    registry: Registry, tmp_path: Path
) -> None:
    (tmp_path / "token.txt").write_text(f"{SECRET}\n")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "db").write_text(f"postgresql+psycopg://me:{SECRET}@db/desk")
    path = tmp_path / "careline.toml"
    path.write_text(
        '[store]\nurl = {credential = "db"}\n[brands.acme]\nname = {env = "NAME"}\n'
        '[channels.a]\nkind = "bird"\ntoken = {file = "token.txt"}\nbackup = [{env = "OTHER"}]\n'
    )
    environ = {"CREDENTIALS_DIRECTORY": str(credentials), "OTHER": "o", "NAME": "Acme"}
    made = load(path, registry, environ=environ)
    config = made.channels["a"].config.model_dump()
    assert config["token"].get_secret_value() == SECRET
    assert config["backup"][0].get_secret_value() == "o"
    assert made.brands["acme"].name == "Acme"
    assert made.store.url == f"postgresql+psycopg://me:{SECRET}@db/desk"
    assert SECRET not in f"{made!r} {made} {made.store}"


def test_a_table_that_looks_like_a_reference_is_a_table(registry: Registry) -> None:
    channel = {"kind": "bird", "token": {"env": "T"}, "columns": {"file": "column_a"}}
    made = load({"channels": {"a": channel}}, registry, environ={"T": "t"})
    assert made.channels["a"].config.model_dump()["columns"] == {"file": "column_a"}


def test_a_secret_on_the_command_line_is_refused_too(registry: Registry, tmp_path: Path) -> None:
    found = said(registry, tmp_path, BIRD, overrides=[f"channels.acme-x.token={SECRET}"])
    assert found == [
        "--set: channels.acme-x.token: secrets are never given as text: write "
        '{env = "ACME_X_TOKEN"}. Or {file = "..."}, or {credential = "..."}'
    ]


KEYS = st.sampled_from(
    ["a", "kind", "brand", "token", "when", "limits", "env", "file", "url", "name", "hours", "mon"]
)
SCALARS = st.sampled_from(["bird", "practice", "pager", "", "1h", "x\x00y", True, 3, -1.5, "acme"])
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4)
)
PARTS = st.sampled_from([*SECTIONS, "other"])


@given(st.dictionaries(PARTS, TREES | st.dictionaries(KEYS, TREES), max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_nonsense_is_always_a_list_of_problems(registry: Registry, tree: dict[str, Any]) -> None:
    with suppress(ConfigError):
        assert isinstance(load(tree, registry, environ={}), Settings)

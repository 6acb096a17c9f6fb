import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import click
import pytest
from click.testing import CliRunner, Result

from careline.cli.main import COMMANDS, Commands, cli
from careline.cli.options import Chosen, config_options
from careline.errors import CarelineError, NotFound, PluginError, StoreBusy, StoreError, Transient
from careline.plugin import hookimpl

Run = Callable[..., Result]
DIST = {
    "METADATA": "Metadata-Version: 2.1\nName: birdhouse\nVersion: 1.2\n",
    "entry_points.txt": "[careline]\nbirds = birdhouse_plugin\nbroken = birdhouse_missing\n",
}


@pytest.fixture
def run(tmp_path: Path, plugins: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line in an empty folder, where one distribution of plugins is installed."""
    info = tmp_path / "site" / "birdhouse-1.2.dist-info"
    info.mkdir(parents=True)
    for name, text in DIST.items():
        (info / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setitem(sys.modules, "birdhouse_plugin", plugins)
    monkeypatch.chdir(tmp_path)
    for name in ("CARELINE_CONFIG", "CARELINE_DEBUG"):
        monkeypatch.delenv(name, raising=False)

    def call(*args: str) -> Result:
        return CliRunner().invoke(cli, list(args))

    return call


def write(text: str, name: str = "careline.toml") -> None:
    Path(name).write_text(text, encoding="utf-8")


INSTALLED = {point.dist.name for point in entry_points(group="careline") if point.dist}
OTHERS = f"[plugins]\ndisabled = {json.dumps(sorted({'careline', *INSTALLED}))}\n"
GOOD = OTHERS + (
    '[brands.acme]\nname = "Acme"\n'
    '[channels.acme-x]\nkind = "bird"\ntoken = {env = "T"}\nsince = 2025-06-01\n'
    '[channels.off]\nkind = "practice"\nenabled = false\nopens = ["direct"]\n'
)


def test_check_says_what_each_channel_will_do(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T", "t")
    write(GOOD)
    result = run("check")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "careline.toml is fine.",
        "  acme-x: Bird, care account of Acme: reads, answers; nothing from before "
        "2025-06-01 00:00 UTC; any message of a customer opens a conversation",
        "  off: disabled; would be: Practice, care account of Acme: reads; "
        "direct message of a customer opens a conversation",
    ]


def test_check_as_json_has_a_shape_that_stays(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("T", "t")
    write(GOOD)
    result = run("check", "--json")
    assert json.loads(result.stdout) == {
        "schema_version": 1,
        "file": "careline.toml",
        "ok": True,
        "channels": [
            {
                "name": "acme-x",
                "kind": "bird",
                "title": "Bird",
                "brand": "acme",
                "role": "care",
                "enabled": True,
                "since": "2025-06-01T00:00:00+00:00",
                "opens": None,
                "capabilities": ["poll", "answer"],
            },
            {
                "name": "off",
                "kind": "practice",
                "title": "Practice",
                "brand": "acme",
                "role": "care",
                "enabled": False,
                "since": None,
                "opens": ["direct"],
                "capabilities": ["poll"],
            },
        ],
        "problems": [],
    }


def test_check_shows_every_problem_and_ends_with_78(run: Run) -> None:
    write(OTHERS + '[channels.a]\nkind = "brid"\n[brnds]\n')
    result = run("check")
    assert result.exit_code == 78
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "careline.toml:4: channels.a.kind: no channel is of kind 'brid'. Did you mean 'bird'?",
        "careline.toml:5: brnds: unknown key. Did you mean 'brands'?",
    ]
    machine = run("check", "--json")
    assert machine.exit_code == 78
    found = json.loads(machine.stdout)
    assert (found["ok"], found["channels"]) == (False, [])
    assert found["problems"][1] == {
        "file": "careline.toml",
        "line": 5,
        "key": "brnds",
        "message": "unknown key",
        "hint": "Did you mean 'brands'?",
    }


def test_a_missing_file_says_how_to_get_one(run: Run) -> None:
    result = run("check", "-c", "other.toml")
    assert (result.exit_code, result.stderr) == (
        78,
        "other.toml: there is no such file. `careline init` writes one; -c names another\n",
    )


def test_hostile_text_of_a_file_cannot_steer_the_terminal(run: Run) -> None:
    write('"\\u001b[2J\\u202e" = 1\n')
    result = run("check")
    assert result.exit_code == 78
    assert "\x1b" not in result.stderr
    assert "\u202e" not in result.stderr


def test_config_by_environment_and_set(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write(GOOD, "other.toml")
    monkeypatch.setenv("CARELINE_CONFIG", "other.toml")
    monkeypatch.setenv("CARELINE__BRANDS__ACME__NAME", "Ace")
    result = run("check", "--set", 'channels.acme-x.token={env="U"}')
    assert result.stderr == (
        "--set: channels.acme-x.token: the environment variable U is not set. "
        "Set it where careline starts: export U=...\n"
    )
    monkeypatch.setenv("U", "u")
    result = run("check", "--set", 'channels.acme-x.token={env="U"}')
    assert "care account of Ace" in result.stdout


def test_plugins_lists_what_loaded_what_not_and_why(run: Run) -> None:
    result = run("plugins", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["schema_version"] == 1
    ours = [one for one in found["plugins"] if one["distribution"] == "birdhouse"]
    assert ours == [
        {
            "name": "birds",
            "distribution": "birdhouse",
            "version": "1.2",
            "module": "birdhouse_plugin",
            "state": "loaded",
            "error": None,
            "problems": [],
            "provides": {
                "channels": ["bird", "practice"],
                "classifiers": ["cues"],
                "notifiers": ["pager"],
                "listeners": ["crm"],
            },
        },
        {
            "name": "broken",
            "distribution": "birdhouse",
            "version": "1.2",
            "module": "birdhouse_missing",
            "state": "failed",
            "error": "ModuleNotFoundError: No module named 'birdhouse_missing'",
            "problems": [],
            "provides": {},
        },
    ]
    lines = run("plugins").stdout.splitlines()
    assert lines[0].split() == ["PLUGIN", "FROM", "STATE", "BRINGS"]
    assert any(
        line.split()[:4] == ["birds", "birdhouse", "1.2", "loaded"] and line.endswith("crm")
        for line in lines
    )
    assert (
        "broken (birdhouse 1.2): ModuleNotFoundError: No module named 'birdhouse_missing'" in lines
    )


@pytest.mark.parametrize(("left", "state"), [((), "failed"), (("our_listeners",), "partly")])
def test_plugins_says_which_are_of_no_or_of_partial_use(
    run: Run, plugins: ModuleType, left: tuple[str, ...], state: str
) -> None:
    for name in [name for name in vars(plugins) if name.startswith("our_") and name not in left]:
        group = name.removeprefix("our_")
        setattr(plugins, name, hookimpl(lambda: 1 / 0, specname=f"careline_{group}"))
    found = json.loads(run("plugins", "--json").stdout)["plugins"]
    (birds,) = (one for one in found if one["name"] == "birds")
    assert (birds["state"], bool(birds["provides"])) == (state, bool(left))
    assert "careline_channels raised ZeroDivisionError: division by zero" in birds["problems"]


def test_plugins_leaves_out_what_the_file_disables(run: Run) -> None:
    write('[plugins]\ndisabled = ["careline", "birdhouse:broken"]\n[channels.x]\nkind = "nope"\n')
    found = json.loads(run("plugins", "--json").stdout)["plugins"]
    states = {one["name"]: one["state"] for one in found if one["distribution"] == "birdhouse"}
    assert states == {"birds": "loaded", "broken": "disabled"}


def test_schema_and_explain(run: Run) -> None:
    write(GOOD)
    made = json.loads(run("schema").stdout)
    assert made["properties"]["channels"]["additionalProperties"]["anyOf"][0]["title"] == "bird"
    assert "birds (birdhouse 1.2)" in run("explain", "channels.acme-x.token").stdout
    assert json.loads(run("schema", "--json").stdout) == made
    wrong = run("explain", "channels.acme-x.tokn")
    assert (wrong.exit_code, wrong.stderr) == (
        1,
        "there is no key channels.acme-x.tokn. Did you mean 'token'?\n",
    )


def test_explain_as_json_has_a_shape_that_stays(run: Run) -> None:
    write(GOOD)
    assert json.loads(run("explain", "channels.acme-x.token", "--json").stdout) == {
        "schema_version": 1,
        "key": "channels.acme-x.token",
        "type": 'secret: {env = "..."}, {file = "..."} or {credential = "..."}',
        "default": None,
        "required": True,
        "meaning": "The app's token. It never expires.",
        "plugin": "birds (birdhouse 1.2)",
        "value": '{env = "T"}',
        "set_at": "careline.toml:7",
        "keys": {},
    }
    brand = json.loads(run("explain", "brands.acme.timezone", "--json").stdout)
    assert (brand["default"], brand["plugin"], brand["value"]) == ('"UTC"', None, None)
    table = json.loads(run("explain", "channels.acme-x", "--json").stdout)
    assert (table["type"], table["value"]) == (None, None)
    assert table["keys"]["region"] == "Where it is asked"


def test_init_writes_a_file_that_check_accepts_and_never_overwrites(run: Run) -> None:
    result = run("init")
    assert result.exit_code == 0
    before = Path("careline.toml").read_text()
    checked = run("check", "--set", 'plugins.disabled=["careline"]')
    assert checked.stdout.splitlines()[0] == "careline.toml is fine."
    again = run("init")
    assert again.exit_code == 1
    assert again.stderr == "Error: careline.toml is there already; nothing was changed.\n"
    assert Path("careline.toml").read_text() == before
    nowhere = run("init", "missing/careline.toml")
    assert nowhere.exit_code == 1
    assert "cannot be written: No such file or directory" in nowhere.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFound("no such thing"), 1),
        (PluginError("no such thing"), 78),
        (StoreError("no such thing"), 69),
        (StoreBusy("no such thing"), 75),
        (Transient("no such thing"), 75),
        (CarelineError("no such thing"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_exit_codes(error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    result = failing(error, monkeypatch)
    assert result.exit_code == code
    assert result.stderr == ("no such thing\n" if str(error) else "")


def failing(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> Result:
    """Run a command that fails, in a group such as ours."""

    @click.command()
    @config_options
    def fails(chosen: Chosen) -> None:
        raise error

    module = ModuleType("failing_command")
    module.fails = fails  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "failing_command", module)
    group = Commands("careline", lazy={"fails": ("failing_command:fails", "Fail.")})
    return CliRunner().invoke(group, ["fails"])


def test_a_fault_of_ours_is_short_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    result = failing(ZeroDivisionError("oops"), monkeypatch)
    assert (result.exit_code, result.stderr) == (
        70,
        "careline failed by a fault of its own: ZeroDivisionError: oops\n"
        "CARELINE_DEBUG=1 shows where.\n",
    )
    monkeypatch.setenv("CARELINE_DEBUG", "1")
    result = failing(ZeroDivisionError("oops"), monkeypatch)
    assert isinstance(result.exception, ZeroDivisionError)


def test_an_unknown_command_names_the_nearest(run: Run) -> None:
    result = run("chek")
    assert result.exit_code == 2
    assert "There is no command 'chek'. Did you mean 'check'?" in result.stderr


def test_every_command_of_the_table_is_there_and_has_help(run: Run) -> None:
    listed = run("--help").stdout
    for name in COMMANDS:
        assert f"  {name} " in listed
        assert run(name, "--help").exit_code == 0


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom careline.cli import main\nsys.argv = ['careline', '--help']\n"
        "try: main()\nexcept SystemExit as end: assert not end.code\n"
        "print([m for m in ('pydantic', 'sqlalchemy', 'httpx', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"

"""README and docs: up to date with the code, their links whole, their snippets true."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest

from careline.cli.main import cli
from careline.config import load
from careline.config.settings import SECTIONS
from careline.registry import Registry
from careline.store.tables import metadata

ROOT = Path(__file__).resolve().parents[2]


def load_script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / f"scripts/{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


snippets = load_script("snippets")
reference = load_script("reference")
sessions = sys.modules["sessions"]
PAGES = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in reference.pages()}
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`[^`\n]*`")


def having(wanted: Callable[[str], Any]) -> Any:
    return pytest.mark.parametrize("page", [name for name, text in PAGES.items() if wanted(text)])


every_page = pytest.mark.parametrize("page", PAGES)


@having(lambda text: "<!-- begin " in text)
def test_what_is_made_from_the_code_is_up_to_date(page: str) -> None:
    assert reference.rendered(PAGES[page]) == PAGES[page], "run scripts/docs"


@having(lambda text: "<!-- session -->" in text)
def test_sessions_show_what_the_commands_say(page: str, tmp_path: Path) -> None:
    for block in sessions.blocks(PAGES[page]):
        said = "".join(sessions.run(block, tmp_path, ROOT))
        assert sessions.masked(said) == sessions.masked(block), "run scripts/docs"


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.MULTILINE)
    bare = (re.sub(r"[^\w\- ]", "", LINK.sub("", heading).lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in bare}


@every_page
def test_links_lead_somewhere(page: str) -> None:
    for link in LINK.findall(CODE.sub("", FENCED.sub("", PAGES[page]))):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        target = (ROOT / page).parent / file if file else ROOT / page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text("utf-8")), link


def test_every_page_is_linked() -> None:
    linked = {
        os.path.normpath(Path(page).parent / link.partition("#")[0])
        for page, text in PAGES.items()
        for link in LINK.findall(text)
    }
    assert {*PAGES} - linked <= {"README.md"}


def resolve(words: list[str]) -> None:
    """Parse a command line as careline would, without running it."""
    command: click.Command = cli
    ctx = click.Context(cli, info_name="careline")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(ctx, words[0])
        assert found, f"there is no command {words[0]}"
        command, words = found, words[1:]
    if not isinstance(command, click.Group):
        command.make_context("careline", list(words), parent=ctx)


KNOWN = {".venv/bin/careline", ".venv/bin/pip", "careline", "cut", "export", "head", "pip"}
KNOWN |= {"printf", "pytest", "python", "tail"}


@every_page
def test_commands_exist_with_their_options(page: str) -> None:
    for words in snippets.commands(PAGES[page]):
        if words[0].startswith("scripts/"):
            assert os.access(ROOT / words[0], os.X_OK), words
        elif words[0] in ("careline", ".venv/bin/careline"):
            resolve(words[1:])
        else:
            assert words[0] in KNOWN, words
    for words in snippets.mentions(PAGES[page]):
        try:
            resolve(words[1:])
        except click.MissingParameter:  # it is only named
            continue


def written(page: str, folder: Path) -> list[Path]:
    """Write the files that a page holds, and return the Python ones."""
    made = []
    for language in ("python", "toml"):
        for block in snippets.blocks(PAGES[page], language):
            if block.file:
                path = folder / block.file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, encoding="utf-8")
                made.append(path)
    for package in (folder / "src").glob("*/"):
        (package / "__init__.py").touch()
    return [path for path in made if path.suffix == ".py"]


@pytest.fixture
def plugins_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """Return the plugins that a page writes or stands beside, imported."""
    before = {*sys.modules}

    def load_all(page: str) -> list[ModuleType]:
        names = [p.parent.name for p in written(page, tmp_path) if p.name == "plugin.py"]
        beside = (ROOT / page).parent / "src"
        names += [path.parent.name for path in beside.glob("*/plugin.py")]
        monkeypatch.syspath_prepend(str(tmp_path / "src"))
        monkeypatch.syspath_prepend(str(beside))
        return [importlib.import_module(f"{name}.plugin") for name in names]

    yield load_all
    for name in {*sys.modules} - before:
        del sys.modules[name]


@having(lambda text: "```toml\n" in text)
def test_configurations_are_fine(page: str, plugins_of: Any) -> None:
    registry = Registry.load(extra=plugins_of(page))
    for block in snippets.blocks(PAGES[page], "toml"):
        if not block.info:
            names = re.findall(r'env = "(\w+)"', block.text)
            load(tomllib.loads(block.text), registry, environ=dict.fromkeys(names, "sqlite:///a"))


@having(lambda text: "```toml file=pyproject.toml" in text)
def test_projects_name_their_plugin(page: str, tmp_path: Path) -> None:
    files = {str(path.relative_to(tmp_path)) for path in written(page, tmp_path)}
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text("utf-8"))["project"]
    for module in project["entry-points"]["careline"].values():
        assert f"src/{module.replace('.', '/')}.py" in files


@having(lambda text: "```python" in text)
def test_python_compiles(page: str) -> None:
    for block in snippets.blocks(PAGES[page], "python"):
        compile(block.text, page, "exec")


@having(lambda text: "```python run" in text)
def test_python_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    starter = ROOT / "core/src/careline/cli/starter.toml"
    (tmp_path / "careline.toml").write_bytes(starter.read_bytes())
    for block in snippets.blocks(PAGES[page], "python"):
        if block.info == "run":
            exec(compile(block.text, page, "exec"), {"__name__": "__main__"})


@having(lambda text: "file=tests/" in text)
def test_plugins_of_the_tutorials_pass_their_suites(page: str, tmp_path: Path) -> None:
    written(page, tmp_path)
    path = os.pathsep.join([str(tmp_path / "src"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


SAID = snippets.strings(ROOT / "core/src/careline")


@having(lambda text: [*snippets.quoted(text)])
def test_messages_are_the_codes_own(page: str) -> None:
    for message in snippets.quoted(PAGES[page]):
        for part in filter(None, (part.strip() for part in message.split("…"))):
            assert part in SAID, message


SHAPE = re.compile(r"<!-- shape: careline (.+?) -->\n```json\n(.*?)```", re.DOTALL)
SHAPES = SHAPE.findall(PAGES["docs/reference/json.md"])
FREE = {"labels", "values", "provides"}
"""Objects whose keys are data."""


@pytest.fixture(scope="module")
def practised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the practice day was heard."""
    folder = tmp_path_factory.mktemp("practised")
    (folder / "wrong.toml").write_text("[brands.acme]\nname = 7\n")
    start = "--set channels.practice.start=2026-11-20T09:00:00Z"
    hears, speaks = f"$ careline run --once {start}", '$ careline post practice "We are back."'
    [*sessions.run(f"$ careline init\n{hears}\n{speaks}", folder, ROOT)]
    return folder


@pytest.mark.parametrize(("command", "shown"), SHAPES, ids=[command for command, _ in SHAPES])
def test_json_is_as_shown(command: str, shown: str, practised: Path) -> None:
    [output] = sessions.run(f"$ careline {command}", practised, ROOT)
    said, _ = json.JSONDecoder().raw_decode("".join(output.splitlines()[1:]))
    assert_alike(json.loads(shown), said, command)


def assert_alike(shown: Any, said: Any, where: str) -> None:
    if isinstance(shown, dict) and isinstance(said, dict):
        free = where.rpartition(".")[2] in FREE
        assert shown.keys() <= said.keys() if free else shown.keys() == said.keys(), where
        for key in shown:
            assert_alike(shown[key], said[key], f"{where}.{key}")
    elif isinstance(shown, list) and isinstance(said, list):
        for one, other in zip(shown[:1], said[:1], strict=False):
            assert_alike(one, other, where)
    elif None not in (shown, said):
        assert type(shown) is type(said), where


def test_every_requirement_has_one_row() -> None:
    rows = re.findall(
        r"^\| S(\d+) \|.*\| (\S+(?: yet)?) \|", PAGES["docs/reference/requirements.md"], re.M
    )
    assert [int(number) for number, _ in rows] == list(range(1, 71))


def test_every_table_is_drawn_once() -> None:
    page = PAGES["docs/reference/store.md"]
    drawn = re.findall(r"^<!-- begin tables (.+) -->$", page, re.MULTILINE)
    assert sorted(" ".join(drawn).split()) == sorted(metadata.tables)


def test_every_section_is_told() -> None:
    assert {*SECTIONS} <= anchors(PAGES["docs/reference/config.md"])

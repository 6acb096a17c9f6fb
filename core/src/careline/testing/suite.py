"""What every plugin is checked for: its name, its configuration, its secrets, its quiet start."""

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any, ClassVar, NoReturn

import pytest
from pydantic import ValidationError

from careline.logs import secrets_of
from careline.plugin import PluginConfig
from careline.testing.clock import START, FakeClock
from careline.testing.context import MemoryContext
from careline.testing.guards import Hung, no_hang, no_io
from careline.testing.imports import import_is_quiet

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SECRET = re.compile(r"(^|_)(token|secret|password|passphrase|(api|private|access)_?key)s?$")


class Unproven(AssertionError):
    """A rule is broken that others stand on: `check` is the test that reports it."""

    def __init__(self, check: str, why: str) -> None:
        """Name the reporting test, and what is wrong."""
        super().__init__(why)
        self.check = check


class PluginSuite:
    """Base of the suites. Each check is one rule, so a broken rule is one red test."""

    pytestmark = pytest.mark.anyio
    config: Mapping[str, Any] = MappingProxyType({})
    """A valid configuration, as an operator would write it, secrets in place."""
    bad_configs: Sequence[Mapping[str, Any]] = ()
    """Configurations that must be refused."""
    now: datetime = START
    """What the fake clock says: later than any time in your sample."""
    patience: float = 30.0
    """Real seconds after which a call counts as hung."""

    _hung: ClassVar[Unproven | None] = None

    @property
    def plugin(self) -> Any:
        """The class under test."""
        raise NotImplementedError

    def make_config(self) -> Any:
        """Return the configuration under test."""
        return self.plugin.Config.model_validate(dict(self.config))

    def make_context(self, seed: int = 1, **overrides: Any) -> MemoryContext:
        """Return a context whose clock leaps over every wait; two seeds give two kinds of luck."""
        clock = FakeClock(self.now, auto=True)
        made: dict[str, Any] = {"clock": clock, "random": Random(seed)}  # noqa: S311 -- repeatable
        return MemoryContext(**(made | overrides))

    def make(self, context: MemoryContext) -> Any:
        """Return a new object of the class under test."""
        config = self.make_config()
        context.redactor.hide(context.account, secrets_of(config))
        return self.plugin(config, context)

    @property
    def package(self) -> str:
        """The package that the guards watch: the one that holds the class's module."""
        module: str = self.plugin.__module__
        return module.rpartition(".")[0] or module

    @property
    def folder(self) -> Path:
        """The folder of the class's module, where its data may lie too."""
        return Path(inspect.getfile(self.plugin)).resolve().parent

    def _skip_or_fail(self, error: Unproven, check: str) -> NoReturn:
        if isinstance(error.__cause__, Hung):
            type(self)._hung = error
        if error.check == check:
            raise error
        pytest.skip(f"{error.check} says: {error}")

    def _skip_what_hangs(self, check: str = "") -> None:
        """Skip what is known to hang: each hang costs all of `patience`."""
        if self._hung and self._hung.check != check:
            self._skip_or_fail(self._hung, check)

    def test_kind_and_title(self) -> None:
        """`kind` is a slug, `title` one line for people."""
        assert _SLUG.fullmatch(self.plugin.kind), f"{self.plugin.kind!r} is no slug: a-z, 0-9, -"
        title = self.plugin.title
        assert title.strip() == title != "", f"the title {title!r} is empty or padded"
        assert title.isprintable(), f"the title {title!r} is not one line"

    def test_it_can_be_made(self) -> None:
        """The class leaves no abstract method open."""
        assert not inspect.isabstract(self.plugin), f"{self.plugin.__name__} is abstract"

    def test_config_takes_the_sample(self) -> None:
        """`config` is valid."""
        assert issubclass(self.plugin.Config, PluginConfig), "Config must be a PluginConfig"
        assert isinstance(self.make_config(), self.plugin.Config)

    def test_config_is_described(self) -> None:
        """The JSON schema builds, and each field says in words what it is for."""
        for model, name, field in fields_of(self.plugin.Config):
            assert field.get("description", "").strip(), f"{model}.{name} has no description"

    def test_config_refuses_unknown_keys(self) -> None:
        """A misspelt key is an error, at every level."""
        for model, schema in objects_of(self.plugin.Config):
            refuses = schema.get("additionalProperties") is False
            assert refuses, f"{model} takes unknown keys: derive it from PluginConfig"
        with pytest.raises(ValidationError):
            self.plugin.Config.model_validate({**self.config, "no-such-key": 1})

    def test_config_refuses_bad_ones(self) -> None:
        """Each of `bad_configs` is refused."""
        for bad in self.bad_configs:
            with pytest.raises(ValidationError):
                self.plugin.Config.model_validate(dict(bad))

    def test_secrets_are_marked(self) -> None:
        """A field named like a secret is a `SecretStr`."""
        for model, name, field in fields_of(self.plugin.Config):
            marked = any(f.get("writeOnly") for f in (field, *field.get("anyOf", ())))
            assert marked or not _SECRET.search(name), f"{model}.{name} must be a SecretStr"

    def test_import_is_quiet(self) -> None:
        """Importing it opens nothing, starts nothing and changes nothing."""
        done = import_is_quiet(self.plugin.__module__)
        assert not done, done

    def test_making_one_does_no_io(self) -> None:
        """The constructor keeps what it is given, and may read files beside its code."""
        context = self.make_context()
        with no_hang(self.patience, "the constructor"), no_io(self.folder):
            self.make(context)


def objects_of(config: type[PluginConfig]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each table of a configuration by its model's name, as JSON schema."""
    schema = config.model_json_schema()
    for name, model in {config.__name__: schema, **schema.get("$defs", {})}.items():
        if "properties" in model:
            yield name, model


def fields_of(config: type[PluginConfig]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each field of a configuration: model, name, JSON schema."""
    for model, schema in objects_of(config):
        for name, field in schema["properties"].items():
            yield model, name, field

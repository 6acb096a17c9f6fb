"""Plugins as strangers write them, well and badly: none may harm another."""

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from careline.errors import PluginError
from careline.plugin import (
    Capability,
    Channel,
    Classifier,
    DeferredClassifier,
    Listener,
    Notifier,
    PluginConfig,
    Sandbox,
    hookimpl,
)
from careline.registry import PluginInfo, Registry


def channel(kind: str = "bird", **attributes: Any) -> type[Channel[Any]]:
    """Make a channel class; an attribute given as None is left out."""
    parts = {
        "kind": kind,
        "title": "Bird",
        "Config": PluginConfig,
        "capabilities": frozenset({Capability.POLL}),
    } | attributes
    return type("Bird", (Channel,), {k: v for k, v in parts.items() if v is not None})


def plugin(name: str = "birds", **hooks: Callable[[], Any]) -> ModuleType:
    module = ModuleType(name)
    for hook, function in hooks.items():
        setattr(module, hook, hookimpl(function))
    return module


def ours(*extra: object, disabled: Sequence[str] = ()) -> Registry:
    """Load these alone: what is installed beside the tests does not count."""
    installed = {point.dist.name for point in entry_points(group="careline") if point.dist}
    return Registry.load([*disabled, *(installed - LOCAL)], extra)


LOCAL = {"bird-house", "nest.box"}


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a distribution with one plugin module on the path."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)

    def put(dist: str, version: str, source: str, entry: str = "birds") -> None:
        module = f"{dist.replace('-', '_').replace('.', '_')}_plugin"
        monkeypatch.delitem(sys.modules, module, raising=False)
        (site / f"{module}.py").write_text(source)
        info = site / f"{dist.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[careline]\n{entry} = {module}\n")

    return put


SOURCE = """
from careline.plugin import Capability, Channel, PluginConfig, hookimpl

class Bird(Channel[PluginConfig]):
    kind = "bird"
    title = "Bird"
    Config = PluginConfig
    capabilities = frozenset({Capability.POLL})

@hookimpl
def careline_channels():
    return [Bird]
"""


def of(registry: Registry, dist: str | None) -> PluginInfo:
    return next(info for info in registry.plugins if info.dist == dist)


def test_an_installed_plugin_is_found_and_named(install: Callable[..., None]) -> None:
    install("bird-house", "1.2", SOURCE)
    registry = ours()
    info = of(registry, "bird-house")
    assert info == PluginInfo(
        "birds", "bird_house_plugin", "bird-house", "1.2", provides={"channels": ("bird",)}
    )
    assert (info.label, info.state) == ("birds (bird-house 1.2)", "loaded")
    assert registry.channel("bird").title == "Bird"
    assert registry.get("channels", "bird").plugin is info
    assert registry.kinds("channels") == ("bird",)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("import not_there", "ModuleNotFoundError: No module named 'not_there'"),
        ("raise RuntimeError('two\\nlines')", "RuntimeError: two lines"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def broken(", "SyntaxError: '(' was never closed"),
        ("class Odd(BaseException): ...\nraise Odd('x')", "bird_house_plugin.Odd: x"),
    ],
)
def test_a_plugin_that_fails_on_import_harms_no_other(
    install: Callable[..., None], source: str, error: str
) -> None:
    install("bird-house", "1.2", source)
    install("nest.box", "3", SOURCE)
    registry = ours()
    assert of(registry, "bird-house").error == error
    assert of(registry, "bird-house").state == "failed"
    assert registry.channel("bird").kind == "bird"


def test_a_stop_by_keyboard_is_not_swallowed(install: Callable[..., None]) -> None:
    install("bird-house", "1.2", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        ours()


@pytest.mark.parametrize("name", ["birds", "bird-house", "Bird_House", "bird-house:birds"])
def test_a_disabled_plugin_is_never_imported(install: Callable[..., None], name: str) -> None:
    install("bird-house", "1.2", "raise RuntimeError('imported')")
    info = of(ours(disabled=[name]), "bird-house")
    assert (info.disabled, info.error, info.state) == (True, None, "disabled")


def test_two_plugins_for_a_kind_are_refused_only_when_it_is_asked_for(
    install: Callable[..., None],
) -> None:
    install("bird-house", "1.2", SOURCE)
    install("nest.box", "3", SOURCE)
    registry = ours(plugin(careline_channels=lambda: [channel("fish")]))
    assert registry.channel("fish").kind == "fish"
    assert [one.kind for one in registry.all("channels")] == ["fish"]
    assert list(registry.claimed_twice()) == [("channels", "bird")]
    with pytest.raises(PluginError) as caught:
        registry.channel("bird")
    assert str(caught.value) == (
        "2 plugins bring channel kind 'bird': birds (bird-house 1.2) and birds (nest.box 3). "
        'Leave one out: [plugins] disabled = ["nest.box"]'
    )
    assert ours(disabled=["nest.box"]).channel("bird").kind == "bird"


def _raises() -> Any:
    raise LookupError("no luck")


def _exits() -> Any:
    raise SystemExit("bye")


def _generator() -> Any:
    yield channel()


@pytest.mark.parametrize(
    ("hook", "problem"),
    [
        (_raises, "careline_channels raised LookupError: no luck"),
        (_exits, "careline_channels raised SystemExit: bye"),
        (lambda: None, "careline_channels returned 'NoneType', not a list of classes"),
        (lambda: "bird", "careline_channels returned 'str', not a list of classes"),
        (_generator, "careline_channels returned 'generator', not a list of classes"),
        (lambda: [3], "3 is 'int', not a class: return the class itself"),
        (lambda: [dict], "dict is no subclass of Channel"),
        (lambda: [channel(title=None)], "Bird has no title"),
        (lambda: [channel(kind=None)], "Bird has no kind"),  # type: ignore[arg-type]
        (
            lambda: [channel("Bird House")],
            "Bird has the kind 'Bird House': use lower case letters, digits and hyphens",
        ),
        (lambda: [channel(Config=None)], "Bird has no Config"),
        (
            lambda: [channel(Config=dict)],
            "Bird has a Config that is no subclass of PluginConfig",
        ),
        (lambda: [channel(capabilities=None)], "Bird has no capabilities"),
        (
            lambda: [channel(capabilities=frozenset({"poll"}))],
            "Bird has capabilities that are no frozenset of Capability",
        ),
        (
            lambda: [channel(title=None, Config=None)],
            "Bird has no title; has no Config",
        ),
        (
            lambda: [channel("fish"), channel("fish")],
            "Bird is the plugin's second class of kind 'fish'",
        ),
    ],
)
def test_what_is_wrong_with_a_plugin_is_told_and_the_rest_of_it_lives(
    hook: Callable[[], Any], problem: str
) -> None:
    class Crm(Listener[PluginConfig]):
        kind = "crm"
        title = "CRM"
        Config = PluginConfig

        async def hear(self, events: Any) -> None:
            return None

    registry = ours(plugin(careline_channels=hook, careline_listeners=lambda: (Crm,)))
    info = of(registry, None)
    assert info.problems == (problem,)
    assert (info.error, info.state) == (None, "partly")
    assert registry.listener("crm") is Crm


def test_an_abstract_class_is_told_what_it_lacks() -> None:
    class Half(Notifier[PluginConfig]):
        kind = "half"
        title = "Half"
        Config = PluginConfig

    registry = ours(plugin(careline_notifiers=lambda: [Half]))
    assert of(registry, None).problems[0].endswith("Half leaves abstract: notify")
    assert of(registry, None).state == "failed"
    with pytest.raises(PluginError, match="no notifier is of kind 'half'"):
        registry.notifier("half")


def test_classifiers_of_both_modes_and_sandboxes() -> None:
    class Fast(Classifier[PluginConfig]):
        kind = "fast"
        title = "Fast"
        Config = PluginConfig

        def classify(self, items: Any) -> Any:
            return ()

    class Slow(DeferredClassifier[PluginConfig]):
        kind = "slow"
        title = "Slow"
        Config = PluginConfig

        async def classify(self, items: Any) -> Any:
            return ()

    class Box(Sandbox):
        kind = "bird"
        title = "Bird, on loopback"

        async def __aenter__(self) -> "Box":
            return self

        async def __aexit__(self, *exc: object) -> None:
            return None

    registry = ours(
        plugin(careline_classifiers=lambda: [Fast, Slow], careline_sandboxes=lambda: [Box])
    )
    assert of(registry, None).problems == ()
    assert registry.classifier("fast") is Fast
    assert registry.classifier("slow") is Slow
    assert registry.sandbox("bird") is Box
    assert registry.kinds("classifiers") == ("fast", "slow")


def test_a_misspelled_hook_is_told() -> None:
    registry = ours(plugin(careline_chanels=lambda: [channel()]))
    assert of(registry, None).problems == (
        "careline_chanels is no hook. Did you mean 'careline_channels'?",
    )


def test_a_module_without_hooks_is_told() -> None:
    (problem,) = of(ours(ModuleType("empty")), None).problems
    assert problem.startswith("has none of the hooks careline_channels, ")


def test_a_hook_with_unknown_arguments_is_told() -> None:
    info = of(ours(plugin(careline_channels=lambda desk: [])), None)  # type: ignore[misc]
    assert info.error is not None
    assert "PluginValidationError" in info.error


def test_an_object_may_be_a_plugin_and_the_same_one_counts_once() -> None:
    class Hooks:
        @hookimpl
        def careline_channels(self) -> list[type[Channel[Any]]]:
            return [channel()]

    hooks = Hooks()
    registry = ours(hooks, hooks)
    assert len([info for info in registry.plugins if info.dist is None]) == 1
    assert registry.channel("bird").kind == "bird"


def test_registries_are_apart() -> None:
    one, other = ours(plugin(careline_channels=lambda: [channel()])), ours()
    assert one.kinds("channels") == ("bird",)
    assert other.kinds("channels") == ()


@pytest.mark.parametrize(
    ("group", "kind", "text"),
    [
        (
            "channels",
            "facebook",
            "the plugin for channel kind 'facebook' is not installed: "
            "pip install careline-facebook",
        ),
        (
            "channels",
            "trustpilot",
            "the plugin for channel kind 'trustpilot' is not installed: "
            "pip install careline-reviews",
        ),
        (
            "notifiers",
            "sms",
            "the plugin for notifier kind 'sms' is not installed: "
            "pip install careline-email-alerts",
        ),
        (
            "channels",
            "Facebok",
            "no channel is of kind 'Facebok'. Did you mean 'facebook'? "
            "It comes with: pip install careline-facebook",
        ),
        ("channels", "brid", "no channel is of kind 'brid'. Did you mean 'bird'?"),
        ("channels", "zzz", "no channel is of kind 'zzz'. Known here: bird"),
        ("classifiers", "zzz", "no classifier is of kind 'zzz'"),
        (
            "notifiers",
            "bird",
            "no notifier is of kind 'bird', but a channel is: it stands under [channels]",
        ),
    ],
)
def test_an_unknown_kind_names_the_way_to_it(group: str, kind: str, text: str) -> None:
    registry = ours(plugin(careline_channels=lambda: [channel()]))
    with pytest.raises(PluginError) as caught:
        registry.get(group, kind)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("source", "disabled", "why"),
    [
        ("import nope", (), "did not load: ModuleNotFoundError: No module named 'nope'"),
        (SOURCE, ("bird-house",), "is left out by [plugins] disabled"),
        (
            SOURCE.replace('title = "Bird"', ""),
            (),
            "Bird has no title",
        ),
    ],
)
def test_a_kind_whose_plugin_is_broken_says_how(
    install: Callable[..., None], source: str, disabled: Sequence[str], why: str
) -> None:
    install("bird-house", "1.2", source, entry="bird")
    with pytest.raises(PluginError) as caught:
        ours(disabled=disabled).channel("bird")
    assert str(caught.value) == (
        f"no channel is of kind 'bird': plugin bird (bird-house 1.2) {why}"
    )

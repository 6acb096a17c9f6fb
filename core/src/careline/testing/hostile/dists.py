"""Hostile distributions: written into a folder, they are found by entry points as any is."""

from collections.abc import Mapping
from pathlib import Path

HOSTILE_PLUGINS: Mapping[str, str] = {
    "none": "from careline.testing.hostile import careline_channels, careline_classifiers",
    "raises-on-import": "raise RuntimeError('a bug at the top of this module')",
    "exits-on-import": "raise SystemExit(3)",
    "has-a-syntax-error": "def careline_channels(:",
    "misses-a-dependency": "import a_module_that_nobody_installed",
    "raises-in-hook": (
        "from careline.plugin import hookimpl\n"
        "@hookimpl\n"
        "def careline_channels():\n"
        "    raise RuntimeError('a bug in this hook')\n"
    ),
    "gives-nonsense": (
        "from careline.plugin import hookimpl\n"
        "@hookimpl\n"
        "def careline_channels():\n"
        "    return [42, 'a string', dict]\n"
    ),
    "knows-other-hooks": (
        "from careline.plugin import hookimpl\n@hookimpl\ndef careline_chanels():\n    return []\n"
    ),
}
"""The source of each hostile plugin module, by what is wrong with it."""


def install_hostile(folder: Path, name: str, version: str = "1.0") -> str:
    """Write one of `HOSTILE_PLUGINS` as an installed distribution; return its name.

    With `folder` on `sys.path` it is found by the entry-point group `careline`.
    """
    dist = f"careline-hostile-{name}"
    module = dist.replace("-", "_")
    (folder / f"{module}.py").write_text(HOSTILE_PLUGINS[name], encoding="utf-8")
    facts = folder / f"{module}-{version}.dist-info"
    facts.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {dist}\nVersion: {version}\n"
    (facts / "METADATA").write_text(metadata, encoding="utf-8")
    entry = f"[careline]\nhostile-{name} = {module}\n"
    (facts / "entry_points.txt").write_text(entry, encoding="utf-8")
    return dist

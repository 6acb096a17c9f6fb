"""What a key means, where it comes from and what it is now: `careline explain`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from careline.config.checker import Kinds
from careline.config.problems import KeyPath, key_text, nearest
from careline.config.settings import BROUGHT, NAMED, RULES, SECTIONS, SINGLE
from careline.config.shapes import child, field_of, fields, models, names
from careline.config.source import Document
from careline.config.wording import default_text, first_sentence, type_text, value_text
from careline.errors import NotFound

_PART = re.compile(r"[^.\[\]]+|\[\d+\]")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a path leads: the types of the table around it, and what is left of the path."""

    path: KeyPath
    types: tuple[Any, ...]
    rest: KeyPath
    plugin: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """What there is to say of a key, for machines: values as they are written in the file."""

    key: str
    type: str | None
    """None for a table."""
    default: str | None
    """None where there is none, or nothing."""
    required: bool
    meaning: str
    plugin: str | None
    """Who brings the key; None: careline itself."""
    value: str | None
    """What is written now; secrets are masked."""
    set_at: str | None
    """`careline.toml:12`, or what set it in place of the file."""
    keys: dict[str, str]
    """The keys of a table, and what each means."""


def explain(registry: Kinds, key: str, document: Document | None = None) -> str:
    """Return what there is to say of `channels.NAME.KEY`, as text of a few lines.

    Args:
        registry: knows the plugins.
        key: a key or table; for a plugin's, NAME may be a kind, too.
        document: what is written now; it may have problems.

    Raises:
        NotFound: there is no such key; the text names the nearest.
        PluginError: the plugin of its kind is not there.
    """
    document = document or Document()
    place, info, types = _found(registry, key, document)
    return "\n".join(_lines(place, info, types, document))


def explained(registry: Kinds, key: str, document: Document | None = None) -> Explained:
    """Return the same as data; takes and raises what `explain` does."""
    document = document or Document()
    place, info, types = _found(registry, key, document)
    tables = [table for one in types for table in models(one)]
    written = None if tables else document.get(place.path)
    told = info is not None and not tables and not info.is_required()
    keys = {name: one.description for table in tables for name, one in fields(table).items()}
    return Explained(
        key=key_text(place.path),
        type=None if tables else type_text(types[0]),
        default=_default(info) if info and told else None,
        required=info is not None and info.is_required(),
        meaning=(info and info.description) or "",
        plugin=place.plugin or None,
        value=None if written is None else value_text(written, types[0]),
        set_at=None if written is None else _set_at(document, place.path),
        keys={name: first_sentence(said or "") for name, said in keys.items()},
    )


def _default(info: FieldInfo) -> str | None:
    return None if (text := default_text(info)) == "nothing" else text


def _set_at(document: Document, path: KeyPath) -> str | None:
    file, line = document.where(path)
    return f"{file}:{line}" if file and line else file


def _found(
    registry: Kinds, key: str, document: Document
) -> tuple[_Place, FieldInfo | None, tuple[Any, ...]]:
    """Return where a key leads, its own field, and the types that its value may have."""
    place = _place(registry, _parse(key), document)
    info, types = None, place.types
    for depth, part in enumerate(place.rest):
        info = next((i for t in types if (i := field_of(t, part))), None)
        inner = tuple(c for t in types if (c := child(t, part)) is not None)
        if not inner:
            before = place.path[: len(place.path) - len(place.rest) + depth]
            raise _unknown((*before, part), [name for t in types for name in names(t)])
        types = inner[:1]
    return place, info, types


def _parse(key: str) -> KeyPath:
    parts = _PART.findall(key.strip())
    return tuple(int(part[1:-1]) if part[0] == "[" else part for part in parts)


def _unknown(path: KeyPath, known: list[str]) -> NotFound:
    return NotFound(f"there is no key {key_text(path)}. {nearest(str(path[-1]), known)}".rstrip())


def _place(registry: Kinds, path: KeyPath, document: Document) -> _Place:
    section = str(path[0]) if path else ""
    if section in SINGLE:
        return _Place(path, (SINGLE[section],), path[1:])
    if section in RULES:
        rest = path[2:] if isinstance((*path, "", "")[1], int) else path[1:]
        return _Place(path, (RULES[section],), rest)
    if section not in SECTIONS:
        raise _unknown(path[:1] or ("",), list(SECTIONS))
    if len(path) == 1:
        kinds = registry.kinds(section) if section in BROUGHT else ()
        raise NotFound(f"say which: {section}.NAME. {nearest('', kinds)}".rstrip())
    if section in NAMED:
        return _Place(path, (NAMED[section],), path[2:])
    return _brought(registry, section, path, document)


def _brought(registry: Kinds, section: str, path: KeyPath, document: Document) -> _Place:
    name = str(path[1])
    found = document.get((section,))
    tables = found if isinstance(found, dict) else {}
    if name not in tables and name not in registry.kinds(section):
        raise _unknown(path[:2], [*tables, *registry.kinds(section)])
    offer = registry.get(section, str(document.get((section, name, "kind")) or name))
    types: tuple[Any, ...] = (BROUGHT[section], offer.cls.Config)
    of_core = path[2:3] and path[2] in fields(BROUGHT[section])
    return _Place(path, types, path[2:], "" if of_core else offer.label)


def _lines(
    place: _Place, info: FieldInfo | None, types: tuple[Any, ...], document: Document
) -> Iterator[str]:
    yield key_text(place.path)
    tables = [t for t in types if models(t)]
    if info and info.description:
        yield f"  {info.description}"
    if not tables:
        yield f"  type     {type_text(types[0])}"
        yield from _values(place.path, info, types[0], document)
    yield f"  from     {place.plugin or 'careline itself'}"
    for table in tables:
        yield from _keys(table)


def _values(
    path: KeyPath, info: FieldInfo | None, annotation: Any, document: Document
) -> Iterator[str]:
    if info:
        yield f"  default  {default_text(info)}"
    written = document.get(path)
    if written is None:
        default = info is not None and not info.is_required()
        yield f"  now      {'the default' if default else 'nothing'}"
        return
    place = _set_at(document, path)
    yield f"  now      {value_text(written, annotation)}{f'  ({place})' if place else ''}"


def _keys(table: Any) -> Iterator[str]:
    """Yield one line for each key of a table."""
    for model in models(table):
        known = fields(model)
        width = max(map(len, known), default=0)
        for name, info in known.items():
            yield f"  {name:<{width}}  {first_sentence(info.description or '')}".rstrip()

"""What a pydantic model says of a key in it: its type, its neighbours, whether it is a secret."""

from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import PurePath
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AnyUrl, BaseModel, Secret, SecretBytes, SecretStr
from pydantic.fields import FieldInfo


def members(annotation: Any) -> tuple[Any, ...]:
    """Return the types that a value may have, without None, aliases and `Annotated`."""
    if hasattr(annotation, "__value__"):  # a name given by `type X = ...`
        return members(annotation.__value__)
    origin = get_origin(annotation)
    if origin is Annotated:
        return members(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return tuple(m for part in get_args(annotation) for m in members(part))
    return () if annotation is NoneType else (annotation,)


def _has(annotation: Any, *classes: type) -> bool:
    bare = (get_origin(member) or member for member in members(annotation))
    return any(isinstance(cls, type) and issubclass(cls, classes) for cls in bare)


def is_secret(annotation: Any) -> bool:
    """Tell whether the value must never be shown."""
    return _has(annotation, SecretStr, SecretBytes, Secret)


def is_path(annotation: Any) -> bool:
    """Tell whether the value is a path of this machine."""
    return _has(annotation, PurePath)


def is_text(annotation: Any) -> bool:
    """Tell whether the value is written as free text, which a reference may stand for."""
    text = _has(annotation, str, PurePath, AnyUrl) and not _has(annotation, Enum)
    return text and not _has(annotation, BaseModel, Mapping)


def fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a model by the name that an operator writes."""
    return {
        info.validation_alias if isinstance(info.validation_alias, str) else name: info
        for name, info in model.model_fields.items()
    }


def models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models among the types that a value may have."""
    return [m for m in members(annotation) if isinstance(m, type) and issubclass(m, BaseModel)]


def names(annotation: Any) -> list[str]:
    """Return the keys that a table of this type may have."""
    return [name for model in models(annotation) for name in fields(model)]


def field_of(annotation: Any, key: str | int) -> FieldInfo | None:
    """Return the field called `key` of a model."""
    found = (fields(model).get(str(key)) for model in models(annotation))
    return next((info for info in found if info is not None), None)


def child(annotation: Any, key: str | int) -> Any:
    """Return the type of what stands at `key`; None where the type does not say."""
    if isinstance(key, str) and (info := field_of(annotation, key)):
        return info.annotation
    for member in members(annotation):
        origin, args = get_origin(member), get_args(member)
        if not isinstance(origin, type) or not args:
            continue
        if isinstance(key, str) and issubclass(origin, Mapping):
            return args[1]
        if isinstance(key, int) and issubclass(origin, Sequence | set | frozenset):
            fixed = origin is tuple and Ellipsis not in args and key < len(args)
            return args[key if fixed else 0]
    return None

"""The project's own tables: TOML files under ``data/`` read into frozen dataclasses.

An unknown key, a missing key or a wrong type is an error that names the file, the entry and the nearest known key;
nothing is ever ignored silently.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pipeline.errors import TableError

__all__ = ["DATA", "ROOT", "build", "read_toml"]

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: the folder that holds ``data/`` and ``models/``."""
DATA = ROOT / "data"

T = TypeVar("T")


def read_toml(path: Path) -> dict[str, Any]:
    """Read one TOML table.

    Raises
    ------
    TableError
        If the file is missing or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise TableError("没有这张表", where=path, remedy="检查路径,或从发布包中恢复该文件") from None
    except RecursionError:
        raise TableError("括号套得太深", where=path, remedy="检查方括号和花括号") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TableError(f"不是有效的 TOML({error})", where=path, remedy="按提示的行列修改") from None
    except OSError as error:
        raise TableError(f"读不了({error.strerror})", where=path, remedy="检查文件权限") from None


def build(cls: type[T], entry: object, where: str) -> T:
    """Make a dataclass from one TOML entry, checking every key and type.

    Parameters
    ----------
    cls : type
        A dataclass whose fields are ``str``, ``int``, ``float``, ``bool``, ``datetime.date``, ``X | None`` or
        ``tuple[X, ...]``.
    entry : object
        What the TOML file holds at that place.
    where : str
        File and entry, for the message.

    Raises
    ------
    TableError
        On an unknown key (with the nearest known one), a missing key or a value of another type.
    """
    if not isinstance(entry, Mapping):
        raise TableError(f"{entry!r} 不是一组键值", where=where, expected="一个 TOML 表")
    fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = _hints(cls)  # type: ignore[arg-type]
    for key in entry:
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1)
            hint = f"改为“{near[0]}”" if near else f"使用 {'、'.join(fields)} 之一"
            raise TableError(f"不认识的键“{key}”", where=where, remedy=hint)
    values = {}
    for name, field in fields.items():
        if name in entry:
            values[name] = _conform(entry[name], hints[name], f"{where} 的 {name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise TableError(f"缺少键“{name}”", where=where, remedy=f"补上 {name}")
    return cls(**values)


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    """Return the types of a class's fields; to work them out anew for each entry would be half of a table's load."""
    return typing.get_type_hints(cls)


def _conform(value: object, hint: Any, where: str) -> Any:  # noqa: ANN401 - the hint decides the type
    """Return ``value`` as ``hint`` says, tuples for lists."""
    origin = typing.get_origin(hint)
    if origin is tuple and isinstance(value, list):
        inner = typing.get_args(hint)[0]
        return tuple(_conform(item, inner, where) for item in value)
    if origin in (types.UnionType, typing.Union):
        inner = next(option for option in typing.get_args(hint) if option is not type(None))
        return _conform(value, inner, where)
    if hint is float and type(value) is int:
        return float(value)
    if origin is None and type(value) is hint:
        return value
    expected = getattr(hint, "__name__", str(hint))
    raise TableError(f"值 {value!r} 的类型不对", where=where, expected=expected)

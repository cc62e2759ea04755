"""Plugins that are single files in a folder: for trying things, without a package around each."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from poolhouse.hooks.manager import PluginError


def plugins_in(folder: Path) -> list[tuple[str, object]]:
    """Each file of the folder is a plugin with its name (``_`` is ``-``): its hook functions, or its one class with
    some.

    Files whose names begin with ``_`` or ``test_`` are none. Raises ``PluginError``.
    """
    if not folder.is_dir():
        raise PluginError(f"There is no folder {folder} with plugins.")
    files = [path for path in sorted(folder.glob("*.py")) if not path.name.startswith(("_", "test_", "conftest."))]
    return [(path.stem.replace("_", "-"), _plugin_of(_loaded(path), path)) for path in files]


def _loaded(path: Path) -> ModuleType:
    name = f"poolhouse_plugin_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path} cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and annotations look themselves up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise PluginError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    return module


def _plugin_of(module: ModuleType, path: Path) -> object:
    classes = [kind for kind in _own_classes(module) if any(_is_hook(member) for member in vars(kind).values())]
    if any(_is_hook(member) for member in vars(module).values()):
        found: list[object] = [module, *classes]
    else:
        found = [*classes]
    if not found:
        raise PluginError(f"{path} has no function that is marked with @hookimpl.")
    if len(found) > 1:
        named = ", ".join(kind.__name__ for kind in classes)
        raise PluginError(f"{path} has several plugins ({named}): one file is one plugin.")
    return found[0]


def _own_classes(module: ModuleType) -> Iterator[type]:
    """Each once, also where it has two names."""
    for member in {id(member): member for member in vars(module).values()}.values():
        if inspect.isclass(member) and member.__module__ == module.__name__:
            yield member


def _is_hook(member: object) -> bool:
    return inspect.isfunction(member) and hasattr(member, "poolhouse_impl")

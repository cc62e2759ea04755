"""A package whose front page is read when somebody asks for something on it.

``import aiohttp.web`` runs ``aiohttp/__init__.py`` first, which loads the whole client and, twice, the certificates
that it trusts: a fifth of the time to start. A server needs them when it first calls somebody, which may be never.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.metadata import version
from importlib.util import find_spec
from threading import RLock
from types import ModuleType
from typing import Any


def announce(name: str) -> None:
    """The package and its modules can be imported, and its own code has not run: that runs with the first use of a name
    that is none of its modules. Nothing changes where the package is loaded already, or is not there."""
    if name in sys.modules:
        return
    spec = find_spec(name)
    if spec is not None and spec.loader is not None and spec.submodule_search_locations:
        sys.modules[name] = _Late(spec, spec.loader)


class _Late(ModuleType):
    """What importing needs of a package, and nothing else yet. It becomes the package itself."""

    def __init__(self, spec: ModuleSpec, loader: Loader) -> None:
        super().__init__(spec.name)
        self.__spec__ = spec
        self.__loader__ = self._loader = loader
        self.__file__ = spec.origin
        self.__path__ = spec.submodule_search_locations or []
        self.__package__ = spec.name
        self.__version__ = version(spec.name)
        self._lock = RLock()
        self._reads = False

    def __getattr__(self, name: str) -> Any:
        # Importing asks for a module before it looks for it on the disk.
        if name.startswith("_") or find_spec(f"{self.__name__}.{name}") is not None:
            raise AttributeError(name)
        with self._lock:
            if self._reads:
                # Its own code asks, for what will be there further down.
                raise AttributeError(name)
            if type(self) is _Late:
                self._reads = True
                try:
                    self._loader.exec_module(self)
                finally:
                    self._reads = False
                object.__setattr__(self, "__class__", ModuleType)
        return getattr(self, name)

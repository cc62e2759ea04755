"""Which plugins there are, and in which order they are called: pluggy registers and orders, we check.

Plugins are called in the order in which they were registered, those in the operator's ``order`` before all others.
Within one hook, ``tryfirst`` and ``trylast`` come before that, as pluggy has it: of several ``trylast``, the one
registered first is the very last.
"""

from __future__ import annotations

import difflib
import importlib.metadata
import inspect
import logging
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pluggy

from poolhouse.hooks import specs
from poolhouse.hooks.context import PluginContext
from poolhouse.hooks.dispatch import Hooks, Implementation, every_hook, kind_of
from poolhouse.hooks.kinds import AROUND, PROJECT
from poolhouse.hooks.tally import Tallies, Uncounted

GROUP = "poolhouse"
"""The entry point group of plugin packages."""


def installed() -> Iterable[importlib.metadata.EntryPoint]:
    """The entry points of all installed plugin packages."""
    return importlib.metadata.entry_points(group=GROUP)


class PluginError(Exception):
    """A plugin cannot be used as it is. The text names it, and says what to change."""


@dataclass(frozen=True, slots=True)
class HookDescription:
    """A hook, and the plugins that implement it, in calling order. ``place`` is ``first``, ``last`` or empty."""

    name: str
    kind: str
    implementations: tuple[tuple[str, str], ...]


class PluginManager:
    """Plugins are registered one by one, or found as entry points; then ``freeze`` makes the hooks of them.

    ``context`` makes what a plugin's constructor gets. ``enabled``: only these plugins are used (None: all). ``limits``
    holds, by plugin name, the seconds that each of its implementations may wait, where that is not ``limit``.
    ``tables`` are the names that settings are given for.
    """

    def __init__(
        self,
        *,
        context: Callable[[str], PluginContext] | None = None,
        order: Sequence[str] = (),
        blocked: Iterable[str] = (),
        enabled: Iterable[str] | None = None,
        limits: Mapping[str, float] | None = None,
        limit: float = 5.0,
        tables: Iterable[str] = (),
        tally: Tallies = Uncounted,
        logger: logging.Logger | None = None,
    ) -> None:
        self._context = context
        self._order = tuple(order)
        self._blocked = frozenset(blocked)
        self._enabled = None if enabled is None else frozenset(enabled)
        self._limits = dict(limits or {})
        self._limit = limit
        self._tables = tuple(tables)
        self._tally = tally
        self._logger = logger or logging.getLogger("poolhouse.hooks")
        self._specs = every_hook()
        self._plugins: dict[str, object] = {}
        self._offered: set[str] = set()
        self._hooks: Hooks | None = None
        self._described: tuple[HookDescription, ...] = ()

    # --- registering -------------------------------------------------------------------------------------------------

    def register(self, plugin: object, name: str) -> None:
        """The plugin is used, unless the operator said otherwise. A class is built: with its ``PluginContext``, or with
        nothing where its constructor has no parameter.

        Raises ``PluginError``: the name is taken, or the plugin cannot be used.
        """
        if self._is_wanted(name):
            self._add(plugin, name)

    def load(self, found: Iterable[importlib.metadata.EntryPoint] | None = None) -> None:
        """All installed plugin packages are registered, by name. A plugin that is not wanted is not even imported."""
        for point in sorted(installed() if found is None else found, key=lambda point: point.name):
            if not self._is_wanted(point.name):
                continue
            try:
                plugin = point.load()
            except Exception as error:
                raise PluginError(
                    f"Plugin {point.name!r} ({point.value}) cannot be imported: {type(error).__name__}: {error}"
                ) from error
            self._add(plugin, point.name)

    def names(self) -> tuple[str, ...]:
        """The plugins in use, in calling order."""
        first = [name for name in self._order if name in self._plugins]
        return (*first, *(name for name in self._plugins if name not in first))

    def context(self, name: str) -> PluginContext:
        """What the plugin of this name is built with. Raises ``PluginError`` where there is nothing to build with."""
        if self._context is None:
            raise PluginError(f"There is no context for the plugin {name!r} here.")
        return self._context(name)

    def _is_wanted(self, name: str) -> bool:
        if self._hooks is not None:
            raise PluginError(f"Plugin {name!r} comes too late: the hooks are made.")
        self._offered.add(name)
        return name not in self._blocked and (self._enabled is None or name in self._enabled)

    def _add(self, plugin: object, name: str) -> None:
        if name in self._plugins:
            raise PluginError(f"Two plugins have the name {name!r}; block one of them, or give it another name.")
        if inspect.isclass(plugin):
            plugin = self._built(plugin, name)
        for other, known in self._plugins.items():
            if known == plugin:
                raise PluginError(f"Plugin {name!r} is registered already, as {other!r}.")
        self._check(plugin, name)
        self._plugins[name] = plugin

    def _built(self, plugin: type, name: str) -> object:
        if self._context is None:
            raise PluginError(f"Plugin {name!r} is a class, and there is nothing to build it with here.")
        given = () if _takes_nothing(plugin, name) else (self._context(name),)
        try:
            return plugin(*given)
        except Exception as error:
            raise PluginError(f"Plugin {name!r} cannot be built: {type(error).__name__}: {error}") from error

    # --- checking ----------------------------------------------------------------------------------------------------

    def _check(self, plugin: object, name: str) -> None:
        reader = pluggy.PluginManager(PROJECT)
        for attribute in dir(plugin):
            options = reader.parse_hookimpl_opts(plugin, attribute)
            if options is None:
                self._warn_of_unmarked(plugin, name, attribute)
                continue
            hook = options.get("specname") or attribute
            if hook not in self._specs:
                if options.get("optionalhook"):
                    continue
                raise PluginError(f"Plugin {name!r}: there is no hook {hook!r}{_meant(hook, self._specs)}")
            if options.get("wrapper") or options.get("hookwrapper"):
                raise PluginError(
                    f"Plugin {name!r}, hook {hook!r}: wrappers are not used here. Implement a hook of the kind around "
                    "(around_flow, lifespan) instead."
                )
            self._check_function(getattr(plugin, attribute), name, hook)

    def _check_function(self, function: Callable[..., Any], name: str, hook: str) -> None:
        parameters = list(inspect.signature(function).parameters.values())
        positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        takes_event = [parameter.name for parameter in parameters] == ["event"] and parameters[0].kind in positional
        if parameters and not takes_event:
            raise PluginError(
                f"Plugin {name!r}, hook {hook!r}: the one parameter is called event (or there is none), "
                f"not ({', '.join(str(parameter) for parameter in parameters)})."
            )
        kind = kind_of(self._specs[hook])
        is_context = inspect.isasyncgenfunction(function)
        if kind == AROUND and not is_context:
            raise PluginError(f"Plugin {name!r}, hook {hook!r}: it has to be an async def with one yield.")
        if kind != AROUND and (is_context or inspect.isgeneratorfunction(function)):
            raise PluginError(f"Plugin {name!r}, hook {hook!r}: it has to return its answer, not to yield.")

    def _warn_of_unmarked(self, plugin: object, name: str, attribute: str) -> None:
        if attribute in self._specs and inspect.getattr_static(plugin, attribute) is not self._specs[attribute]:
            self._logger.warning(
                "Plugin %s has a %s that is not marked with @hookimpl: it is never called.", name, attribute
            )

    # --- the result --------------------------------------------------------------------------------------------------

    def freeze(self) -> Hooks:
        """The hooks with all implementations in calling order. No plugin can be added any more.

        Raises ``PluginError``: ``enabled``, ``order`` or a table of settings names a plugin that is not there.
        """
        if self._hooks is None:
            self._check_names()
            ordered = self._ordered()
            self._described = tuple(
                HookDescription(
                    name,
                    str(kind_of(spec)),
                    tuple((implementation.plugin, place) for implementation, place in of_hook),
                )
                for (name, spec), of_hook in zip(self._specs.items(), ordered, strict=True)
            )
            self._hooks = Hooks(
                [implementation for of_hook in ordered for implementation, _ in of_hook],
                logger=self._logger,
            )
        return self._hooks

    def describe(self) -> tuple[HookDescription, ...]:
        """Every hook in the order of a user's life, with its plugins in calling order."""
        self.freeze()
        return self._described

    def holder(self, module: str, code: types.CodeType) -> tuple[str, bool] | None:
        """The plugin that this code of this module belongs to, and whether it is a function of the plugin itself and
        not of something beside it in its package; None where it is nobody's."""
        for name, plugin in self._plugins.items():
            if code in _codes(plugin):
                return name, True
        for name, plugin in self._plugins.items():
            home = _home(plugin)
            package = home.partition(".")[0]
            if module == home or (package != PROJECT and module.startswith(f"{package}.")):
                return name, False
        return None

    def _ordered(self) -> list[list[tuple[Implementation, str]]]:
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(specs)
        # pluggy calls last what was registered first.
        for name in reversed(self.names()):
            manager.register(self._plugins[name], name)
        return [
            [self._implementation(found, hook) for found in reversed(getattr(manager.hook, hook).get_hookimpls())]
            for hook in self._specs
        ]

    def _implementation(self, found: pluggy.HookImpl, hook: str) -> tuple[Implementation, str]:
        function = found.function
        call = function if found.argnames else lambda _: function()
        place = "first" if found.tryfirst else "last" if found.trylast else ""
        name = found.plugin_name
        made = Implementation(
            hook,
            name,
            call,
            self._limits.get(name, self._limit),
            self._tally(name, hook),
            _acts_by_triggers(self._plugins[name]),
        )
        return made, place

    def _check_names(self) -> None:
        for word, names in (("enabled", self._enabled or ()), ("order", self._order)):
            for name in sorted(set(names) - self._offered):
                raise PluginError(f"The setting {word!r} names a plugin {name!r}{_meant(name, self._offered)}")
        for name in sorted(set(self._tables) - self._offered):
            raise PluginError(
                f"[plugins.{name}] holds settings, and there is no plugin {name!r}{_meant(name, self._offered)}"
            )
        for name in sorted(self._blocked - self._offered):
            self._logger.warning("The setting 'blocked' names a plugin %r that is not installed.", name)


def _acts_by_triggers(plugin: object) -> bool:
    """Whether its hooks answer only in pools whose ``LambdaConfig`` names a function for the occasion: for the others
    nothing is prepared that nobody else would get."""
    return getattr(plugin, "acts_by_triggers", False) is True


def _codes(plugin: object) -> set[types.CodeType]:
    """Of the functions that the plugin itself has."""
    kind = plugin if inspect.ismodule(plugin) else type(plugin)
    functions = (inspect.unwrap(member) for _, member in inspect.getmembers_static(kind) if callable(member))
    return {function.__code__ for function in functions if inspect.isfunction(function)}


def _home(plugin: object) -> str:
    return plugin.__name__ if inspect.ismodule(plugin) else type(plugin).__module__


def _takes_nothing(plugin: type, name: str) -> bool:
    """Whether the class is built without a context. Raises ``PluginError`` where it wants something else."""
    try:
        signature = inspect.signature(plugin)
    except ValueError:  # what is written in C may have none
        return False
    if not signature.parameters:
        return True
    try:
        signature.bind("the context")
    except TypeError:
        taken = ", ".join(signature.parameters)
        raise PluginError(
            f"Plugin {name!r} cannot be built: its constructor takes ({taken}): write "
            "def __init__(self, context: PluginContext), or leave it without parameters."
        ) from None
    return False


def _meant(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f", did you mean {close[0]!r}?" if close else "."

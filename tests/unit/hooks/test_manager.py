"""Registering, order, and every way in which a plugin can be unusable."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import logging
import types
from collections.abc import AsyncIterator
from typing import Any

import pytest

from poolhouse.errors import PluginFailed
from poolhouse.hooks import specs
from poolhouse.hooks.answers.accounts import SignUpDecision
from poolhouse.hooks.context import PluginContext, PluginSettings
from poolhouse.hooks.events.accounts import PreSignUp
from poolhouse.hooks.kinds import hookimpl
from poolhouse.hooks.manager import PluginError, PluginManager

SIGN_UP = PreSignUp(source="PreSignUp_SignUp", pool_id="p", client_id="c", username="ada", attributes={})


class Named:
    """Refuses with its own name, so that the order can be seen."""

    def __init__(self, trace: list[str], name: str) -> None:
        self._trace = trace
        self._name = name

    @hookimpl
    async def pre_sign_up(self, event: PreSignUp) -> None:
        self._trace.append(self._name)


class NamedFirst(Named):
    @hookimpl(tryfirst=True)
    async def pre_sign_up(self, event: PreSignUp) -> None:
        self._trace.append(self._name)


class NamedLast(Named):
    @hookimpl(trylast=True)
    async def pre_sign_up(self, event: PreSignUp) -> None:
        self._trace.append(self._name)


def context(name: str) -> PluginContext:
    nothing: Any = None
    return PluginContext(name, PluginSettings({"answer": 42}), nothing, nothing, nothing, nothing, nothing)


def without_settings(name: str) -> PluginContext:
    return dataclasses.replace(context(name), settings=PluginSettings())


def module(name: str, **functions: Any) -> types.ModuleType:
    made = types.ModuleType(name)
    vars(made).update(functions)
    return made


async def called(manager: PluginManager) -> None:
    await manager.freeze().all(specs.pre_sign_up, SIGN_UP)


# --- order -----------------------------------------------------------------------------------------------------------


async def test_plugins_are_called_in_the_order_in_which_they_were_registered() -> None:
    manager, trace = PluginManager(), list[str]()
    for name in "abc":
        manager.register(Named(trace, name), name)

    await called(manager)

    assert ["a", "b", "c"] == trace


async def test_the_operators_order_goes_before() -> None:
    manager, trace = PluginManager(order=["c", "b"]), list[str]()
    for name in "abcd":
        manager.register(Named(trace, name), name)

    await called(manager)

    assert ["c", "b", "a", "d"] == trace
    assert ("c", "b", "a", "d") == manager.names()


async def test_a_plugin_may_ask_to_be_first_or_last_in_one_hook() -> None:
    manager, trace = PluginManager(), list[str]()
    for name, kind in (("last", NamedLast), ("a", Named), ("first", NamedFirst), ("second", NamedFirst), ("b", Named)):
        manager.register(kind(trace, name), name)

    await called(manager)

    assert ["first", "second", "a", "b", "last"] == trace
    described = {hook.name: hook for hook in manager.describe()}
    assert (("first", "first"), ("second", "first"), ("a", ""), ("b", ""), ("last", "last")) == described[
        "pre_sign_up"
    ].implementations


def test_every_hook_is_described_in_the_order_of_a_users_life() -> None:
    described = PluginManager().describe()

    names = [hook.name for hook in described]
    assert ["lifespan", "around_flow", "register_challenges"] == names[:3]
    assert names.index("pre_sign_up") < names.index("pre_authentication") < names.index("pre_token")
    assert {"around", "answer", "amend", "collect", "observe"} == {hook.kind for hook in described}


# --- which plugins ---------------------------------------------------------------------------------------------------


async def test_a_blocked_plugin_is_not_called() -> None:
    manager, trace = PluginManager(blocked=["a"]), list[str]()
    manager.register(Named(trace, "a"), "a")

    await called(manager)

    assert [] == trace


async def test_where_plugins_are_enabled_by_name_no_other_is_called() -> None:
    manager, trace = PluginManager(enabled=["b"]), list[str]()
    manager.register(Named(trace, "a"), "a")
    manager.register(Named(trace, "b"), "b")

    await called(manager)

    assert ["b"] == trace


@pytest.mark.parametrize("setting", ["enabled", "order"])
def test_a_setting_that_names_no_plugin_is_an_error_with_a_suggestion(setting: str) -> None:
    settings: dict[str, Any] = {setting: ["twilo"]}
    manager = PluginManager(**settings)
    manager.register(Named([], "x"), "twilio")

    with pytest.raises(PluginError, match="'twilo', did you mean 'twilio'"):
        manager.freeze()


@pytest.mark.parametrize(("table", "hint"), [("frauds", ", did you mean 'fraud'?"), ("weather", ".")])
def test_a_table_of_settings_that_no_plugin_reads_is_an_error_with_a_suggestion(table: str, hint: str) -> None:
    manager = PluginManager(tables=["fraud", table])
    manager.register(Named([], "x"), "fraud")

    with pytest.raises(PluginError) as wrong:
        manager.freeze()

    assert f"[plugins.{table}] holds settings, and there is no plugin {table!r}{hint}" in str(wrong.value)


def test_a_blocked_plugin_may_keep_its_table() -> None:
    manager = PluginManager(tables=["fraud"], blocked=["fraud"])
    manager.register(Named([], "x"), "fraud")

    manager.freeze()


def test_a_block_that_blocks_nothing_is_told(caplog: pytest.LogCaptureFixture) -> None:
    PluginManager(blocked=["gone"]).freeze()

    assert "'gone' that is not installed" in caplog.text


def test_the_limit_is_the_plugins_own_or_the_common_one() -> None:
    manager = PluginManager(limits={"b": 0.5}, limit=2.0)
    for name in "ab":
        manager.register(Named([], name), name)

    assert {"a": 2.0, "b": 0.5} == {
        implementation.plugin: implementation.limit for of_hook in manager._ordered() for implementation, _ in of_hook
    }


def test_nothing_can_be_added_to_hooks_that_are_made() -> None:
    manager = PluginManager()
    manager.freeze()

    with pytest.raises(PluginError, match="'late' comes too late"):
        manager.register(Named([], "x"), "late")


def test_a_name_is_given_once() -> None:
    manager = PluginManager()
    manager.register(Named([], "x"), "same")

    with pytest.raises(PluginError, match="Two plugins have the name 'same'"):
        manager.register(Named([], "y"), "same")


def test_an_object_is_registered_once() -> None:
    manager, plugin = PluginManager(), Named([], "x")
    manager.register(plugin, "one")

    with pytest.raises(PluginError, match="'two' is registered already, as 'one'"):
        manager.register(plugin, "two")


# --- what a plugin can be --------------------------------------------------------------------------------------------


async def test_a_class_without_parameters_is_a_plugin_too() -> None:
    class Plugin:
        @hookimpl
        async def pre_sign_up(self, event: PreSignUp) -> SignUpDecision:
            return SignUpDecision(confirm=True)

    class WithConstructor(Plugin):
        def __init__(self) -> None:
            self.made = True

    manager = PluginManager(context=context)
    manager.register(Plugin, "plain")
    manager.register(WithConstructor, "constructed")

    assert [SignUpDecision(confirm=True)] * 2 == await manager.freeze().all(specs.pre_sign_up, SIGN_UP)


def test_a_class_that_wants_something_else_is_told_what_to_write() -> None:
    class Plugin:
        def __init__(self, url: str, timeout: float) -> None:
            raise AssertionError

    with pytest.raises(
        PluginError, match=r"takes \(url, timeout\): write def __init__\(self, context: PluginContext\)"
    ):
        PluginManager(context=context).register(Plugin, "mine")


async def test_a_class_is_built_with_its_context() -> None:
    class Plugin:
        def __init__(self, context: PluginContext) -> None:
            self._confirm = context.settings["answer"] == 42 and context.name == "mine"

        @hookimpl
        async def pre_sign_up(self, event: PreSignUp) -> SignUpDecision:
            return SignUpDecision(confirm=self._confirm)

    manager = PluginManager(context=context)
    manager.register(Plugin, "mine")

    assert [SignUpDecision(confirm=True)] == await manager.freeze().all(specs.pre_sign_up, SIGN_UP)


def test_a_class_that_cannot_be_built_is_named() -> None:
    class Plugin:
        def __init__(self, context: PluginContext) -> None:
            context.settings.text("url")

    with pytest.raises(PluginError, match="'mine' cannot be built: SettingInvalid: The setting 'url' is missing"):
        PluginManager(context=context).register(Plugin, "mine")


async def test_a_module_is_a_plugin_and_need_not_take_the_event() -> None:
    @hookimpl
    def pre_sign_up() -> SignUpDecision:
        return SignUpDecision(confirm=True)

    manager = PluginManager()
    manager.register(module("m", pre_sign_up=pre_sign_up), "m")

    assert [SignUpDecision(confirm=True)] == await manager.freeze().all(specs.pre_sign_up, SIGN_UP)


async def test_one_plugin_may_implement_a_hook_twice() -> None:
    class Plugin:
        @hookimpl
        async def pre_sign_up(self) -> SignUpDecision:
            return SignUpDecision(confirm=True)

        @hookimpl(specname="pre_sign_up")
        async def also(self) -> SignUpDecision:
            return SignUpDecision(verify_email=True)

    manager = PluginManager()
    manager.register(Plugin(), "p")

    answers = await manager.freeze().all(specs.pre_sign_up, SIGN_UP)
    assert [False, True] == sorted(answer.confirm for answer in answers)


# --- entry points ----------------------------------------------------------------------------------------------------


def entry_point(name: str, value: str) -> importlib.metadata.EntryPoint:
    return importlib.metadata.EntryPoint(name, value, "poolhouse")


def test_installed_plugins_are_loaded_by_name() -> None:
    manager = PluginManager(context=without_settings)

    manager.load([entry_point(name, "poolhouse.plugins.console:ConsolePlugin") for name in "ba"])

    assert ("a", "b") == manager.names()


def test_an_import_error_names_the_plugin() -> None:
    with pytest.raises(PluginError, match=r"'crm' \(no_such_module:Plugin\) cannot be imported: ModuleNotFoundError"):
        PluginManager().load([entry_point("crm", "no_such_module:Plugin")])


def test_a_plugin_that_is_not_wanted_is_not_imported() -> None:
    manager = PluginManager(blocked=["crm"])

    manager.load([entry_point("crm", "no_such_module:Plugin")])

    assert () == manager.names()


# --- what is refused -------------------------------------------------------------------------------------------------


def test_an_unknown_hook_is_refused_with_a_suggestion() -> None:
    class Plugin:
        @hookimpl
        async def pre_singup(self, event: Any) -> None: ...

    with pytest.raises(PluginError, match="Plugin 'p': there is no hook 'pre_singup', did you mean 'pre_sign_up'"):
        PluginManager().register(Plugin(), "p")


def test_a_hook_of_a_later_version_may_be_marked_as_optional() -> None:
    class Plugin:
        @hookimpl(optionalhook=True)
        async def pre_teleport(self, event: Any) -> None: ...

    manager = PluginManager()
    manager.register(Plugin(), "p")

    assert all(hook.implementations == () for hook in manager.describe())


@pytest.mark.parametrize("parameters", ["username", "event, more", "event, more=1", "*event", "*, event"])
def test_the_one_parameter_is_called_event(parameters: str) -> None:
    made: dict[str, Any] = {}
    exec(f"async def pre_sign_up({parameters}): pass", made)
    plugin = module("m", pre_sign_up=hookimpl(made["pre_sign_up"]))

    with pytest.raises(PluginError, match="Plugin 'p', hook 'pre_sign_up': the one parameter is called event"):
        PluginManager().register(plugin, "p")


@pytest.mark.parametrize("option", ["wrapper", "hookwrapper"])
def test_pluggys_own_wrappers_are_refused(option: str) -> None:
    def pre_sign_up(event: Any) -> Any:
        yield

    options: dict[str, Any] = {option: True}
    plugin = module("m", pre_sign_up=hookimpl(**options)(pre_sign_up))

    with pytest.raises(PluginError, match=r"wrappers are not used here.*around_flow"):
        PluginManager().register(plugin, "p")


def test_an_around_hook_is_an_async_generator_and_no_other_is() -> None:
    class Returns:
        @hookimpl
        async def around_flow(self, event: Any) -> None: ...

    class Yields:
        @hookimpl
        async def pre_sign_up(self, event: Any) -> AsyncIterator[None]:
            yield

    with pytest.raises(PluginError, match="'around_flow': it has to be an async def with one yield"):
        PluginManager().register(Returns(), "p")
    with pytest.raises(PluginError, match="'pre_sign_up': it has to return"):
        PluginManager().register(Yields(), "p")


def test_a_forgotten_mark_is_told(caplog: pytest.LogCaptureFixture) -> None:
    class Plugin:
        async def pre_sign_up(self, event: Any) -> None: ...

    with caplog.at_level(logging.WARNING):
        PluginManager().register(Plugin(), "p")

    assert "p has a pre_sign_up that is not marked with @hookimpl" in caplog.text


async def test_an_error_names_the_plugin_by_the_name_it_was_registered_under() -> None:
    class Plugin:
        @hookimpl
        async def pre_sign_up(self) -> None:
            raise OSError

    manager = PluginManager()
    manager.register(Plugin(), "crm")

    with pytest.raises(PluginFailed, match="error in plugin crm"):
        await called(manager)

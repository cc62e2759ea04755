"""Errors of plugins: what went wrong with them, and what they say of those whom they asked."""

from __future__ import annotations

from poolhouse.errors.base import Failed, PoolhouseError
from poolhouse.errors.reasons import Reason


class PluginFailed(Failed):
    """A plugin raised something else than ``Refused``, or took too long. The flow fails closed."""

    usual = Reason.PLUGIN_FAILED

    def __init__(self, hook: str, plugin: str, *, detail: str | None = None) -> None:
        super().__init__(hook=hook, plugin=plugin, detail=detail)
        self.hook = hook
        self.plugin = plugin


class PluginAnswerInvalid(Failed):
    usual = Reason.PLUGIN_ANSWER_INVALID

    def __init__(self, hook: str, plugin: str, *, detail: str | None = None) -> None:
        super().__init__(hook=hook, plugin=plugin, detail=detail)
        self.hook = hook
        self.plugin = plugin


class InvocationFailed(PluginFailed):
    """A plugin asked something outside (a function), and that could not be reached, failed, or took too long. ``why``
    is told to the caller: it names no host and no user. ``hook`` is in the field's spelling (``PreSignUp``)."""

    usual = Reason.INVOCATION_FAILED

    def __init__(self, hook: str, why: str, *, detail: str | None = None) -> None:
        PoolhouseError.__init__(self, hook=hook, why=why, detail=detail)
        self.hook = hook
        self.plugin = ""


class OutputUnusable(PluginAnswerInvalid):
    """What a plugin asked outside answered, and the answer cannot be meant. ``detail`` says what is wrong with it."""

    usual = Reason.OUTPUT_UNUSABLE

    def __init__(self, hook: str, *, detail: str | None = None) -> None:
        PoolhouseError.__init__(self, detail=detail)
        self.hook = hook
        self.plugin = ""

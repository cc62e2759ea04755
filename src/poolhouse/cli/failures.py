"""What ends a command: a sentence for the person at the terminal, and an exit status for the script.

::

    0  it is done
    1  it could not be done: the sentence says why
    2  the command line or the settings are wrong
    3  a plugin cannot be used
    4  the store cannot be used, or does not answer
    5  the address cannot be listened on
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

DONE: Final = 0
UNDONE: Final = 1
SETTINGS: Final = 2
PLUGINS: Final = 3
STORE: Final = 4
ADDRESS: Final = 5

_DRIVERS: Final = frozenset({"bson", "dns", "motor", "pymongo", "sqlite3"})
"""Packages whose exceptions speak of the store. Their text may quote its address, which may hold a password."""


class Failure(Exception):  # noqa: N818 - it is what a command ends with
    """The command cannot be done. ``status`` is its exit status; the text is shown as it is."""

    def __init__(self, sentence: str, status: int = UNDONE) -> None:
        super().__init__(sentence)
        self.status = status


@contextmanager
def told(store: str = "", *, refused: int = UNDONE) -> Iterator[None]:
    """Whatever can be told in a sentence is raised as a ``Failure``. ``store`` is its address as it may be shown,
    ``refused`` the status where the domain says no: while a store is opened, it is the store that says so."""
    try:
        yield
    except Exception as error:
        failure = failure_of(error, store, refused)
        if failure is None and error.__context__ is not None:
            # What failed first, where cleaning up after it has failed as well.
            failure = failure_of(error.__context__, store, refused)
        if failure is None:
            raise
        raise failure from error


def failure_of(error: BaseException, store: str = "", refused: int = UNDONE) -> Failure | None:
    """None for what nobody foresaw."""
    if isinstance(error, Failure):
        return error
    package = type(error).__module__.partition(".")[0]
    if package in _DRIVERS:
        return Failure(f"The store {store or 'of the settings'} does not answer ({type(error).__name__}).", STORE)
    if isinstance(error, KeyboardInterrupt):
        return Failure("Stopped.", 130)
    if package != "poolhouse":
        return None
    return _of_ours(error, store, refused)


def _of_ours(error: BaseException, store: str, refused: int) -> Failure | None:
    # Only where something failed: most commands need none of these.
    from poolhouse.config.values import SettingsError
    from poolhouse.errors import Failed, PoolhouseError, StoreAway
    from poolhouse.hooks.manager import PluginError

    if isinstance(error, SettingsError):
        return Failure(str(error), SETTINGS)
    if isinstance(error, PluginError):
        return Failure(str(error), PLUGINS)
    if isinstance(error, StoreAway):
        return Failure(f"The store {store or 'of the settings'} cannot be used: {error.why}.", STORE)
    if isinstance(error, Failed):
        return Failure(f"{error} {_cause(error)}".strip(), PLUGINS)
    if isinstance(error, PoolhouseError):
        return Failure(str(error), refused)
    from poolhouse.server.ground import NotStartable
    from poolhouse.server.serving import CannotListen

    if isinstance(error, NotStartable):
        return Failure(str(error), SETTINGS)
    if isinstance(error, CannotListen):
        return Failure(str(error), ADDRESS)
    return None


def _cause(error: BaseException) -> str:
    return f"({type(error.__cause__).__name__})" if error.__cause__ is not None else ""


def report(error: BaseException, environment: Mapping[str, str] | None = None) -> int:
    """The error is told on standard error; returns the exit status. A traceback is shown at the level debug only: it is
    long, and may quote values."""
    environment = os.environ if environment is None else environment
    failure = failure_of(error)
    if environment.get("POOLHOUSE_LOGGING_LEVEL", "").strip().lower() == "debug":
        traceback.print_exception(error)
    if failure is None:
        hint = "Set POOLHOUSE_LOGGING_LEVEL=debug to see where."
        failure = Failure(f"Poolhouse failed: {type(error).__name__}. {hint}")
    print(failure, file=sys.stderr, flush=True)
    return failure.status

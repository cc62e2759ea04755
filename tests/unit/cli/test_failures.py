"""What ends a command: a sentence and an exit status."""

from __future__ import annotations

import pytest

from poolhouse.cli.failures import Failure, failure_of, report, told
from poolhouse.config.values import SettingsError
from poolhouse.errors import InvalidParameter, PluginFailed, UserNotFound
from poolhouse.hooks.manager import PluginError
from poolhouse.server.ground import NotStartable
from poolhouse.server.serving import CannotListen


class DriverError(Exception):
    __module__ = "pymongo.errors"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SettingsError(["server.listen: expected host:port"]), 2),
        (NotStartable("another master key"), 2),
        (PluginError("no such plugin"), 3),
        (PluginFailed("lifespan", "loyalty"), 3),
        (DriverError("mongodb://admin:hidden@db"), 4),
        (CannotListen("the port is in use"), 5),
        (UserNotFound(), 1),
        (Failure("as it is", 7), 7),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_kind_of_trouble_has_its_status(error: Exception, status: int) -> None:
    failure = failure_of(error)

    assert failure is not None
    assert status == failure.status


def test_while_a_store_is_opened_it_is_the_store_that_refuses() -> None:
    with pytest.raises(Failure) as refused, told("sqlite:x", refused=4):
        raise InvalidParameter("The SQLite file x cannot be used.")

    assert (4, "The SQLite file x cannot be used.") == (refused.value.status, str(refused.value))


def test_the_words_of_a_driver_are_not_shown() -> None:
    failure = failure_of(DriverError("mongodb://admin:hidden@db"), "mongodb://db")

    assert str(failure) == "The store mongodb://db does not answer (DriverError)."


def test_what_failed_first_is_told_where_cleaning_up_fails_too() -> None:
    def fails_twice() -> None:
        try:
            raise PluginError("no such plugin")
        finally:
            raise AttributeError("never opened")

    with pytest.raises(Failure, match="no such plugin"), told():
        fails_twice()


def test_what_nobody_foresaw_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError), told():
        raise ZeroDivisionError


def test_an_unforeseen_error_is_told_by_its_kind_and_not_by_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    status = report(ValueError("Passw0rd!"), {})

    assert status == 1
    assert capsys.readouterr().err == (
        "Poolhouse failed: ValueError. Set POOLHOUSE_LOGGING_LEVEL=debug to see where.\n"
    )


def test_the_level_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    report(ValueError("text"), {"POOLHOUSE_LOGGING_LEVEL": "debug"})

    assert "ValueError: text" in capsys.readouterr().err

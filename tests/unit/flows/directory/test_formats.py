from __future__ import annotations

import subprocess
import sys

import pytest

from poolhouse.flows.directory import formats


@pytest.mark.parametrize(
    "value",
    ["jane@example.com", "j.d+tag@sub.example.co.uk", "root@localhost", "o'hara@example.ie", "jürgen@bücher.example"],
)
def test_an_address_that_mail_can_reach_is_an_email(value: str) -> None:
    assert formats.is_email(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "jane",
        "@example.com",
        "jane@",
        "jane@@example.com",
        "jane@exa mple.com",
        ".jane@example.com",
        "jane..d@example.com",
        "jane@-example.com",
        "jane@example..com",
        "jane@example.com.",
        "jane@xn--zzzzzz999.example",
        "jane@example.com\nBcc: all@example.com",
        "jane@example.com\n",
        "Jane <jane@example.com>",
        f"{'a' * 65}@example.com",
        f"jane@{'a' * 64}.example",
        f"jane@{'a.' * 130}com",
    ],
)
def test_what_no_mail_can_reach_is_no_email(value: str) -> None:
    assert not formats.is_email(value)


@pytest.mark.parametrize("value", ["+15555550100", "+447700900123", "+1234567890", "+4915112345678"])
def test_a_number_of_a_country_is_a_phone_number(value: str) -> None:
    assert formats.is_phone(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "+",
        "5555550100",
        "+0155555501",
        "+1 555 555 0100",
        "+1-555",
        "+1234567890123456",
        "+99912345678",
        "+1٣55555",
        "+1555\n",
    ],
)
def test_what_is_not_an_international_number_is_no_phone_number(value: str) -> None:
    assert not formats.is_phone(value)


def test_dates_are_written_in_ten_characters() -> None:
    assert formats.is_date("1990-12-31")
    assert formats.is_date("0000-02-29")
    assert not any(formats.is_date(value) for value in ("1990-13-01", "1990-1-1", "12/31/1990", "1990-12-31\n", ""))


def test_instants_are_iso_or_epoch_seconds() -> None:
    assert formats.is_instant("2026-01-31T12:00:00+01:00")
    assert formats.is_instant("1800000000")
    assert not formats.is_instant("yesterday")


def test_booleans_are_read_in_any_case_and_written_in_one() -> None:
    assert "true" == formats.boolean("TRUE")
    assert "false" == formats.boolean("False")
    assert formats.boolean("1") is None


def test_common_addresses_load_no_library() -> None:
    code = (
        "import sys; from poolhouse.flows.directory import formats; "
        "assert formats.is_email('jane@example.com') and not formats.is_phone('12'); "
        "assert not {'email_validator', 'phonenumbers'} & sys.modules.keys()"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False)

    assert (0, b"") == (done.returncode, done.stderr)

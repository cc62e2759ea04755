"""What the OAuth endpoints read in a form is what the standard library reads."""

from __future__ import annotations

import random
from urllib.parse import parse_qsl

import pytest

from poolhouse.errors import InvalidRequest
from poolhouse.server.oidc.requests import LONGEST, MOST_FIELDS, sorted_out

PIECES = (
    "a",
    "b",
    "=",
    "&",
    "+",
    "%",
    "%41",
    "%c3%a9",
    "%e2%82",
    "%zz",
    "%00",
    " ",
    ";",
    "\x7f",
    "é",
    "=&",
    "&&",
    "%26",
    "%3D",
)


def _as_the_library(form: bytes) -> dict[str, str] | None:
    """None: it is no form."""
    try:
        pairs = parse_qsl(form.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        return None
    names = [name for name, _ in pairs]
    return {name: value for name, value in pairs if value and names.count(name) == 1}


@pytest.mark.parametrize("seed", range(20))
def test_a_form_says_what_it_says_to_the_standard_library(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(500):
        form = "".join(chance.choices(PIECES, k=chance.randrange(12))).encode()
        try:
            found = sorted_out(form)[0]
        except InvalidRequest:
            assert _as_the_library(form) is None, form
        else:
            assert found == _as_the_library(form), form


def test_as_many_fields_as_there_may_be() -> None:
    fields = [f"n{number}=1" for number in range(MOST_FIELDS)]

    assert MOST_FIELDS == len(sorted_out("&".join(fields).encode())[0])
    with pytest.raises(InvalidRequest):
        sorted_out("&".join([*fields, "x"]).encode())


def test_a_long_value_is_a_fault_of_its_field_alone() -> None:
    found, faults = sorted_out(b"a=1&b=" + b"x" * (LONGEST + 1))

    assert ({"a": "1"}, ["b"]) == (found, list(faults))

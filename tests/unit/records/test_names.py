"""Names by themselves: their canonical form, which of them a user holds, and what a submitted text may mean."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from poolhouse.records.names import (
    LONGEST,
    Name,
    candidates,
    canonical,
    held,
    looks_like_email,
    looks_like_phone,
    looks_like_sub,
    masked_email,
    masked_phone,
    name,
)
from poolhouse.records.pools import Pool
from poolhouse.records.users import User

POOL = Pool(id="eu-north-1_here", name="p", created=1.0, modified=1.0, case_sensitive=False)
ALIASES = replace(POOL, alias_attributes=("email", "phone_number", "preferred_username"))
ADDRESSES = replace(POOL, username_attributes=("email", "phone_number"))
USER = User(
    pool_id=POOL.id,
    sub="sub",
    username="Jane",
    created=1.0,
    modified=1.0,
    attributes={"email": "Jane@Example.com", "phone_number": "+15550100011", "preferred_username": "Captain"},
)
VERIFIED = replace(USER, attributes={**USER.attributes, "email_verified": "true", "phone_number_verified": "true"})
JANE, EMAIL = Name("username", "jane"), Name("email", "jane@example.com")
PHONE, CAPTAIN = Name("phone_number", "+15550100011"), Name("preferred_username", "captain")


@pytest.mark.parametrize(
    ("value", "sensitive", "form"),
    [
        ("JANE", False, "jane"),
        ("JANE", True, "JANE"),
        ("\uff2a\uff21\uff2e\uff25", True, "JANE"),
        ("\uff2a\uff21\uff2e\uff25", False, "jane"),
        ("stra\u00dfe", False, "strasse"),
        ("stra\u00dfe", True, "stra\u00dfe"),
        # Folded, this is not normalised any more.
        ("\u03d3", False, "\u03cd"),
        ("\u1fb3", False, "\u03b1\u03b9"),
    ],
)
def test_a_name_has_one_form(value: str, sensitive: bool, form: str) -> None:
    for kind in ("username", "email", "preferred_username"):
        assert form == canonical(kind, value, case_sensitive=sensitive)


def test_folding_leaves_a_normalised_text() -> None:
    """U+0345 folds to a letter that takes another place than the mark did."""
    assert canonical("username", "\u0345\u0301", case_sensitive=False) == canonical(
        "username", canonical("username", "\u0345\u0301", case_sensitive=False), case_sensitive=False
    )


def test_a_telephone_number_has_no_case_but_it_has_a_form() -> None:
    assert "+15550100011" == canonical("phone_number", "\uff0b15550100011", case_sensitive=False)
    assert "A" == canonical("phone_number", "A", case_sensitive=False)


def test_the_pool_says_whether_case_counts() -> None:
    assert Name("username", "jane") == name(POOL, "username", "Jane")
    assert Name("username", "Jane") == name(replace(POOL, case_sensitive=True), "username", "Jane")


@pytest.mark.parametrize(
    ("pool", "user", "names"),
    [
        (POOL, VERIFIED, (JANE,)),
        (ALIASES, USER, (JANE, CAPTAIN)),
        (ALIASES, VERIFIED, (JANE, EMAIL, PHONE, CAPTAIN)),
        (ADDRESSES, USER, (JANE, EMAIL, PHONE)),
        (replace(POOL, alias_attributes=("email",)), VERIFIED, (JANE, EMAIL)),
        (replace(POOL, alias_attributes=("phone_number",)), VERIFIED, (JANE, PHONE)),
        (replace(POOL, alias_attributes=("preferred_username",)), VERIFIED, (JANE, CAPTAIN)),
        (replace(POOL, username_attributes=("phone_number",)), VERIFIED, (JANE, PHONE)),
        (ALIASES, replace(USER, attributes={}), (JANE,)),
        (ADDRESSES, replace(USER, attributes={"phone_number": "+15550100011"}), (JANE, PHONE)),
        (ALIASES, replace(USER, attributes={"email": "", "preferred_username": ""}), (JANE,)),
    ],
)
def test_a_user_holds_the_names_that_the_pool_lets_count(pool: Pool, user: User, names: tuple[Name, ...]) -> None:
    assert names == held(pool, user)


@pytest.mark.parametrize(
    ("pool", "submitted", "names"),
    [
        (POOL, "Jane@Example.com", (Name("username", "jane@example.com"),)),
        (ALIASES, "Jane@Example.com", (Name("username", "jane@example.com"), EMAIL)),
        (ADDRESSES, "Jane@Example.com", (Name("username", "jane@example.com"), EMAIL)),
        (ALIASES, "+15550100011", (Name("username", "+15550100011"), PHONE)),
        (ADDRESSES, "+15550100011", (Name("username", "+15550100011"), PHONE)),
        (ALIASES, "Jane", (JANE,)),
        (replace(POOL, alias_attributes=("phone_number",)), "a@b", (Name("username", "a@b"),)),
        (replace(POOL, alias_attributes=("email",)), "+15550100011", (Name("username", "+15550100011"),)),
    ],
)
def test_a_text_means_a_user_name_first_and_then_what_it_looks_like(
    pool: Pool, submitted: str, names: tuple[Name, ...]
) -> None:
    assert names == candidates(pool, submitted)


@pytest.mark.parametrize(
    ("text", "email", "phone"),
    [
        ("a@b", True, False),
        ("a\uff20b", True, False),
        ("@b", False, False),
        ("a@", False, False),
        ("a@b@c", False, False),
        ("a b@c", False, False),
        ("a@b\n", False, False),
        ("+12", False, True),
        ("\uff0b12", False, True),
        ("+" + "1" * 15, False, True),
        ("+" + "1" * 16, False, False),
        ("+1", False, False),
        ("12345", False, False),
        ("+12a", False, False),
        ("", False, False),
    ],
)
def test_what_looks_like_an_address_or_a_number_does_so_in_its_canonical_form(
    text: str, email: bool, phone: bool
) -> None:
    assert (email, phone) == (looks_like_email(text), looks_like_phone(text))


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("0a1b2c3d-0000-4000-8000-0123456789ab", True),
        ("0A1B2C3D-0000-4000-8000-0123456789AB", False),
        ("0a1b2c3d-0000-4000-8000-0123456789ab\n", False),
        ("0a1b2c3d00004000800000123456789ab", False),
        ("", False),
    ],
)
def test_an_id_is_told_from_a_name(text: str, is_one: bool) -> None:
    assert is_one == looks_like_sub(text)


@pytest.mark.parametrize(
    ("email", "shown"),
    [
        ("jane@example.com", "j***@e***"),
        ("j@e", "j***@e***"),
        ("a@b@c", "a***@b***"),
        ("", "***@***"),
    ],
)
def test_of_an_address_two_letters_are_shown(email: str, shown: str) -> None:
    assert shown == masked_email(email)


@pytest.mark.parametrize(("phone", "shown"), [("+15550100011", "+*******0011"), ("+12", "+*******+12")])
def test_of_a_number_four_digits_are_shown(phone: str, shown: str) -> None:
    assert shown == masked_phone(phone)


def test_no_name_is_longer_than_what_can_be_normalised_in_time() -> None:
    assert 256 == LONGEST

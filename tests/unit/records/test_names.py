"""Names by themselves: their canonical form, which of them a user holds, and what a submitted text may mean."""

from __future__ import annotations

import unicodedata

import pytest
from msgspec.structs import replace

from poolhouse.records.names import (
    LONGEST,
    LONGEST_CHOSEN,
    LONGEST_DOMAIN,
    Name,
    ascii_domain,
    candidates,
    canonical,
    former,
    held,
    in_order,
    is_choosable,
    is_showable,
    looks_like_email,
    looks_like_phone,
    looks_like_sub,
    masked_email,
    masked_phone,
    name,
    normalised,
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


TEXTS = ("username", "preferred_username")


@pytest.mark.parametrize(
    ("value", "sensitive", "form"),
    [
        ("JANE", False, "jane"),
        ("JANE", True, "JANE"),
        ("\uff2a\uff21\uff2e\uff25", True, "JANE"),
        ("\uff2a\uff21\uff2e\uff25", False, "jane"),
        ("stra\u00dfe", False, "stra\u00dfe"),
        ("STRASSE", False, "strasse"),
        ("\u0130", False, "i\u0307"),
        # Folded, this is not normalised any more.
        ("\u03d3", False, "\u03cd"),
        # A sigma is a sigma, at the end of a word too.
        ("\u039f\u0394\u039f\u03a3", False, "\u03bf\u03b4\u03bf\u03c3"),
        ("\u03bf\u03b4\u03bf\u03c2", False, "\u03bf\u03b4\u03bf\u03c3"),
        # What is not seen is not there, and does not keep letters apart.
        ("ja\u200dne", True, "jane"),
        ("e\u200d\u0301", True, "\u00e9"),
        ("\u200d", True, ""),
        # Marks in another order are the same marks.
        ("a\u0315\u0300", True, "\u00e0\u0315"),
    ],
)
def test_a_text_has_one_form(value: str, sensitive: bool, form: str) -> None:
    for kind in TEXTS:
        assert form == canonical(kind, value, case_sensitive=sensitive)


@pytest.mark.parametrize("marks", [1, 100, 127, 128, 129, 400])
def test_marks_of_any_number_come_into_the_order_that_the_library_gives_them(marks: int) -> None:
    text = "a" + "\u0315\u0300\u0f73\uff9e"[:4] * marks

    assert unicodedata.normalize("NFKC", text) == normalised(text)
    assert unicodedata.normalize("NFKC", text) == unicodedata.normalize("NFKC", in_order(text))


@pytest.mark.parametrize(
    ("text", "ordered"),
    [
        ("a\u0316\u0300b", "a\u0316\u0300b"),
        ("a\u0300\u0316b", "a\u0316\u0300b"),
        ("ba\u0300\u0316\u0300ba", "ba\u0316\u0300\u0300ba"),
        # These are no marks by themselves, and made of nothing else.
        ("a\u0300\u0f73b", "a\u0f71\u0f72\u0300b"),
        ("a\u0300\uff9eb", "a\u3099\u0300b"),
    ],
)
def test_marks_that_follow_each_other_stand_in_their_order(text: str, ordered: str) -> None:
    assert ordered == in_order(text)


@pytest.mark.parametrize(
    ("value", "sensitive", "form"),
    [
        ("Jane@Example.COM", True, "Jane@example.com"),
        ("Jane@Example.COM", False, "jane@example.com"),
        ("\u00c9va@Example.com", False, "\u00e9va@example.com"),
        ("\u00c9va@Example.com", True, "\u00c9va@example.com"),
        # The Kelvin sign and the long s may be in somebody's mailbox.
        ("\u212a@example.com", False, "\u212a@example.com"),
        ("a@b@Example.com", False, "a@b@example.com"),
        ("A@B@Example.com", True, "A@B@example.com"),
        ("a@stra\u00dfe.example", False, "a@xn--strae-oqa.example"),
        ("a@STRASSE.example", False, "a@strasse.example"),
        ("Nowhere", False, "nowhere"),
        ("a@" + "\u00e9" * 254, False, "a@" + "\u00e9" * 254),
    ],
)
def test_an_address_has_the_form_of_its_mailbox(value: str, sensitive: bool, form: str) -> None:
    assert form == canonical("email", value, case_sensitive=sensitive)


@pytest.mark.parametrize("domain", ["", "\u00e9..example", "\u00e9" * 254, "\u00e9" * 64])
def test_what_is_no_domain_is_no_domain(domain: str) -> None:
    if domain.isascii():
        assert domain == ascii_domain(domain)
    else:
        with pytest.raises(ValueError):
            ascii_domain(domain)


@pytest.mark.parametrize(
    ("domain", "ascii_form"),
    [
        ("\u00c9t\u00e9.Example", "xn--t-9fab.example"),
        ("\uff45xample\u3002com", "example.com"),
        # 253 characters, of which each is one in the end.
        (".".join(["\uff41" * 63] * 3 + ["\uff41" * 61]), ".".join(["a" * 63] * 3 + ["a" * 61])),
    ],
)
def test_what_a_keyboard_makes_of_a_domain_is_the_domain(domain: str, ascii_form: str) -> None:
    assert ascii_form == ascii_domain(domain)


@pytest.mark.parametrize(
    ("kind", "value", "sensitive", "form"),
    [
        ("username", "Stra\u00dfe", False, "strasse"),
        ("username", "Stra\u00dfe", True, "Stra\u00dfe"),
        ("email", "\u212aate@Example.com", False, "kate@example.com"),
        ("email", "Kate@Example.com", True, "Kate@Example.com"),
        ("phone_number", "\uff0b1A", False, "+1A"),
        ("username", "\u03d3", False, "\u03cd"),
    ],
)
def test_the_first_versions_form_is_still_known(kind: str, value: str, sensitive: bool, form: str) -> None:
    assert form == former(kind, value, case_sensitive=sensitive)


def test_a_name_tells_its_former_form_where_that_was_another() -> None:
    assert Name("username", "stra\u00dfe", "strasse") == name(POOL, "username", "Stra\u00dfe")
    assert Name("username", "jane", None) == name(POOL, "username", "Jane")
    assert Name("phone_number", "+1A", None) == name(POOL, "phone_number", "+1A")
    sensitive = replace(POOL, case_sensitive=True)
    assert Name("username", "Stra\u00dfe", None) == name(sensitive, "username", "Stra\u00dfe")
    assert Name("email", "J@example.com", "J@Example.com") == name(sensitive, "email", "J@Example.com")


@pytest.mark.parametrize(
    ("value", "may"),
    [
        ("jane", True),
        ("\u00e9", True),
        ("1", True),
        ("$+_-", True),
        ("\U0001f600", True),
        ("a\u0301", True),
        ("x" * 128, True),
        ("x" * 129, False),
        ("", False),
        ("a b", False),
        ("a\u00a0b", False),
        ("a\n", False),
        ("a\x00", False),
        ("a\u200d", False),
        ("\u3164", False),
        ("\ud800", False),
    ],
)
def test_a_name_that_can_be_chosen_is_seen_whole(value: str, may: bool) -> None:
    assert may == is_choosable(value)


@pytest.mark.parametrize(
    ("value", "may"),
    [
        ("Jane van der Doe, Dr.", True),
        ("\u0623\u0646\u0627 \u00e9 a\u0301", True),
        ("$+_-\U0001f600", True),
        ("a\u3000b", True),
        (" jane ", True),
        ("x" * 2048, True),
        ("a\n", False),
        ("a\tb", False),
        ("a\x00b", False),
        ("a\x85b", False),
        ("a\u2028b", False),
        ("a\u2029b", False),
        ("a\u200bb", False),
        ("\u202eenaj", False),
        ("a\u034fb", False),
        ("a\ufe0f", False),
        ("a\u3164", False),
        ("a\U000e0100", False),
        ("\ud800", False),
        ("\ue000", False),
        (" \u00a0", False),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_a_name_that_is_shown_to_others_has_nothing_unseen(value: str, may: bool) -> None:
    assert may == is_showable(value)


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
    assert (256, 128, 253) == (LONGEST, LONGEST_CHOSEN, LONGEST_DOMAIN)

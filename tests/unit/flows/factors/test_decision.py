"""Section 9 of the field's contract as a table: mode, what the user has, what was proven, and what is asked for."""

from __future__ import annotations

import pytest

from poolhouse.flows.factors.decision import Ask, Choose, Due, SetUp, Standing, due, is_enough

SMS, TOTP, EMAIL = "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"
ALL = (SMS, TOTP, EMAIL)
PASSWORD = ("password",)
HAD = ("sms", "totp", "email")


@pytest.mark.parametrize(
    ("mode", "held", "enabled", "preferred", "expected"),
    [
        # nobody is asked, whatever they have
        ("OFF", ALL, ALL, SMS, None),
        # who has said so is asked
        ("OPTIONAL", (), (), None, None),
        ("OPTIONAL", ALL, (), None, None),
        ("OPTIONAL", (TOTP,), (TOTP,), None, Ask(TOTP)),
        ("OPTIONAL", ALL, (SMS,), None, Ask(SMS)),
        ("OPTIONAL", ALL, (TOTP, SMS), TOTP, Ask(TOTP)),
        ("OPTIONAL", ALL, (TOTP, SMS), None, Choose((SMS, TOTP))),
        ("OPTIONAL", ALL, ALL, None, Choose(ALL)),
        # what is enabled and cannot be asked for any more does not count
        ("OPTIONAL", (TOTP,), (SMS,), SMS, None),
        ("OPTIONAL", (TOTP,), (TOTP, SMS), SMS, Ask(TOTP)),
        ("OPTIONAL", (TOTP, EMAIL), ALL, SMS, Choose((TOTP, EMAIL))),
        # everybody is asked
        ("ON", (), (), None, SetUp(ALL)),
        ("ON", (SMS,), (), None, Ask(SMS)),
        ("ON", (EMAIL,), (), None, Ask(EMAIL)),
        ("ON", (SMS, EMAIL), (), None, Choose((SMS, EMAIL))),
        ("ON", ALL, (TOTP,), None, Ask(TOTP)),
        ("ON", ALL, (TOTP, EMAIL), EMAIL, Ask(EMAIL)),
        ("ON", ALL, (TOTP, EMAIL), None, Choose((TOTP, EMAIL))),
        ("ON", (), (TOTP,), TOTP, SetUp(ALL)),
        ("ON", (SMS,), (TOTP,), TOTP, Ask(SMS)),
        # what only a later version knows is no way around
        ("ADAPTIVE", (), (), None, SetUp(ALL)),
        ("ADAPTIVE", (SMS,), (), None, Ask(SMS)),
    ],
)
def test_what_is_asked_for_after_the_password(
    mode: str, held: tuple[str, ...], enabled: tuple[str, ...], preferred: str | None, expected: Due
) -> None:
    standing = Standing(mode=mode, settable=ALL, held=held, enabled=enabled, preferred=preferred)

    assert expected == due(standing, PASSWORD, HAD)


@pytest.mark.parametrize(
    ("proofs", "enough"),
    [
        ((), False),
        (("password",), False),
        (("password", "new_password"), False),
        (("password", "custom"), False),
        (("custom", "password", "new_password"), False),
        (("totp",), False),
        (("totp", "totp"), False),
        # what a plugin asks on the way is no factor
        (("password", "terms"), False),
        # plugins alone let in whom they let in; beside a password they do not
        (("custom",), True),
        (("custom", "new_password"), True),
        (("password", "totp"), True),
        (("totp", "password"), True),
        (("password", "new_password", "sms"), True),
        (("custom", "email"), True),
        (("email", "totp"), True),
        (("email", "new_password"), False),
    ],
)
def test_enough_is_a_possession_and_something_else(proofs: tuple[str, ...], enough: bool) -> None:
    assert enough == is_enough(proofs, HAD)
    asked = due(Standing(mode="ON", settable=ALL, held=(SMS,)), proofs, HAD)
    assert (None if enough else Ask(SMS)) == asked

"""What proofs come to: levels, and the registered words for methods."""

from __future__ import annotations

import pytest

from poolhouse.flows.factors.decision import DEVICE, PASSKEY, SIGN_UP_CODE, VERIFIED_PASSKEY
from poolhouse.flows.grants.assurance import LEVELS, ONE, RESISTANT, TWO, acr, amr, first_reachable, reaches


@pytest.mark.parametrize(
    ("proofs", "level", "methods"),
    [
        ((), ONE, ()),
        (("password",), ONE, ("pwd",)),
        (("password", "new_password"), ONE, ("pwd",)),
        (("password", "totp"), TWO, ("pwd", "otp", "mfa")),
        (("password", "sms"), TWO, ("pwd", "sms", "mfa")),
        (("email",), ONE, ("otp",)),
        (("email", "password"), TWO, ("otp", "pwd", "mfa")),
        (("password", DEVICE), TWO, ("pwd", "swk", "mfa")),
        ((PASSKEY,), ONE, ("pop",)),
        (("password", PASSKEY), TWO, ("pwd", "pop", "mfa")),
        ((VERIFIED_PASSKEY,), RESISTANT, ("pop", "user", "mfa")),
        ((SIGN_UP_CODE,), ONE, ("otp",)),
        (("password", SIGN_UP_CODE), ONE, ("pwd", "otp")),
        (("custom",), ONE, ()),
        (("password", "custom"), ONE, ("pwd",)),
        (("password", "a plugin's"), TWO, ("pwd", "mfa")),
        (("a plugin's",), ONE, ()),
        (("totp", "totp"), ONE, ("otp",)),
    ],
)
def test_proofs_come_to_this_level_by_these_methods(
    proofs: tuple[str, ...], level: str, methods: tuple[str, ...]
) -> None:
    assert level == acr(proofs)
    assert methods == amr(proofs)


def test_a_level_is_reached_by_itself_and_by_those_above_it() -> None:
    assert [[True, True, True], [False, True, True], [False, False, True]] == [
        [reaches(reached, wanted) for reached in LEVELS] for wanted in LEVELS
    ]


def test_a_level_that_nobody_knows_is_reached_by_none() -> None:
    assert not reaches(RESISTANT, "urn:elsewhere:9")
    assert not reaches("urn:elsewhere:9", ONE)
    assert not reaches(None, ONE)


def test_the_first_wish_that_can_be_met_is_taken() -> None:
    assert TWO == first_reachable(("urn:elsewhere:9", TWO, RESISTANT))
    assert None is first_reachable(("urn:elsewhere:9",))

"""The gate by itself: in each state, whether a sign-in goes on, whether tokens may be issued, and what is said."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.errors.reasons import Reason
from poolhouse.flows.grants.gate import is_ended, require_able, require_living, require_usable
from poolhouse.records.clients import Client
from poolhouse.records.grants import Grant
from poolhouse.records.pools import Pool
from poolhouse.records.users import (
    CONFIRMED,
    EXTERNAL_PROVIDER,
    FORCE_CHANGE_PASSWORD,
    RESET_REQUIRED,
    UNCONFIRMED,
    User,
)

NOW = 1000.0
POOL = Pool(id="eu-north-1_here", name="p", created=1.0, modified=1.0)
CLIENT = Client(id="client-here", pool_id=POOL.id, name="c", created=1.0, modified=1.0)
USER = User(pool_id=POOL.id, sub="sub", username="jane", created=1.0, modified=1.0, status=CONFIRMED, epoch=3)
GRANT = Grant(
    id="g",
    pool_id=POOL.id,
    client_id=CLIENT.id,
    user_sub=USER.sub,
    family="f",
    digest="d",
    created=1.0,
    auth_time=1,
    expires=2.0,
    epoch=3,
)


@pytest.mark.parametrize("status", [CONFIRMED, EXTERNAL_PROVIDER])
def test_who_is_confirmed_here_or_elsewhere_may_have_tokens(status: str) -> None:
    user = replace(USER, status=status)

    assert user is require_usable(POOL, CLIENT, user)
    require_able(user, NOW)


@pytest.mark.parametrize(
    ("user", "refusal"),
    [
        (None, errors.UserNotFound),
        (replace(USER, pool_id="eu-north-1_there"), errors.UserNotFound),
        (replace(USER, enabled=False), errors.UserDisabled),
        (replace(USER, status=UNCONFIRMED), errors.UserNotConfirmed),
        (replace(USER, status="SOMETHING_LATER"), errors.UserNotConfirmed),
        (replace(USER, status=RESET_REQUIRED), errors.PasswordResetRequired),
        (replace(USER, status=FORCE_CHANGE_PASSWORD), errors.PasswordResetRequired),
        (replace(USER, status=FORCE_CHANGE_PASSWORD, temporary_until=NOW + 1), errors.PasswordResetRequired),
    ],
)
def test_nobody_else_may_have_tokens(user: User | None, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        require_usable(POOL, CLIENT, user)


def test_a_client_of_another_pool_gets_no_tokens_even_for_a_user_of_its_own() -> None:
    foreign = replace(CLIENT, pool_id="eu-north-1_there")

    for user in (USER, replace(USER, pool_id=foreign.pool_id), None):
        with pytest.raises(errors.ClientNotFound, match="client-here"):
            require_usable(POOL, foreign, user)


@pytest.mark.parametrize("until", [None, NOW + 1])
def test_a_temporary_password_that_has_not_ended_lets_a_sign_in_go_on(until: float | None) -> None:
    require_able(replace(USER, status=FORCE_CHANGE_PASSWORD, temporary_until=until), NOW)


@pytest.mark.parametrize("until", [NOW, NOW - 1, 0.0])
def test_a_temporary_password_that_has_ended_does_not(until: float) -> None:
    with pytest.raises(errors.NotAuthorized) as refused:
        require_able(replace(USER, status=FORCE_CHANGE_PASSWORD, temporary_until=until), NOW)

    assert refused.value.statement is not None
    assert Reason.TEMPORARY_PASSWORD_EXPIRED == refused.value.statement.reason


def test_the_end_of_a_temporary_password_means_nothing_once_it_was_replaced() -> None:
    require_able(replace(USER, status=CONFIRMED, temporary_until=NOW - 1), NOW)


@pytest.mark.parametrize(
    ("user", "refusal"),
    [
        (replace(USER, enabled=False, status=UNCONFIRMED), errors.UserDisabled),
        (replace(USER, status=UNCONFIRMED), errors.UserNotConfirmed),
        (replace(USER, status=RESET_REQUIRED), errors.PasswordResetRequired),
    ],
)
def test_other_states_stop_a_sign_in_after_its_first_proof(user: User, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        require_able(user, NOW)


def test_a_grant_of_the_users_present_epoch_lives() -> None:
    assert not is_ended(GRANT, USER)
    assert GRANT is require_living(GRANT, USER)


@pytest.mark.parametrize(
    "grant",
    [
        None,
        replace(GRANT, revoked=True),
        replace(GRANT, user_sub="another"),
        replace(GRANT, epoch=2),
        replace(GRANT, epoch=4),
    ],
)
def test_a_grant_that_is_gone_revoked_anothers_or_of_another_epoch_is_dead(grant: Grant | None) -> None:
    assert is_ended(grant, USER)
    with pytest.raises(errors.InvalidAccessToken) as refused:
        require_living(grant, USER)
    assert refused.value.statement is not None
    assert Reason.ACCESS_TOKEN_REVOKED == refused.value.statement.reason

"""Row 44 at the token endpoint: issued scopes = asked and client and user and resource, for every grant type."""

from __future__ import annotations

import pytest

from tests.support.oauth import claims_of, code_settings, machine_settings, oauth_served

MACHINE = "client_credentials"


@pytest.mark.parametrize("asked", ["notes/burn", "notes/read notes/burn", "openid", "aws.cognito.signin.user.admin"])
async def test_a_machine_is_given_no_scope_that_is_not_the_clients(asked: str) -> None:
    async with oauth_served() as at:
        told = await at.token(at.machine, grant_type=MACHINE, scope=asked)

    assert (400, "invalid_scope") == told.error


async def test_a_machine_is_given_no_scope_that_no_resource_server_has() -> None:
    async with oauth_served() as at:
        await at.house.services.resource_servers.update(at.pool.id, "notes", "notes", ())
        told = await at.token(at.machine, grant_type=MACHINE, scope="notes/read")

    assert (400, "invalid_scope") == told.error


async def test_a_scope_that_the_client_lost_is_not_refreshed() -> None:
    async with oauth_served() as at:
        first = await at.granted(at.app, "openid", "notes/read")
        await at.updated(at.app, **code_settings(oauth_scopes=("openid",)))
        told = await at.token(at.app, grant_type="refresh_token", refresh_token=first.refresh or "")

    assert "openid" == claims_of(told.json["access_token"])["scope"]


async def test_a_grant_of_which_no_scope_is_left_gives_no_token() -> None:
    async with oauth_served() as at:
        first = await at.granted(at.app, "notes/read")
        await at.updated(at.app, **code_settings(oauth_scopes=("openid",)))
        told = await at.token(at.app, grant_type="refresh_token", refresh_token=first.refresh or "")

    assert (400, "invalid_scope") == told.error


async def test_a_machine_that_lost_its_flow_is_given_nothing() -> None:
    async with oauth_served() as at:
        await at.updated(at.machine, **machine_settings(oauth_flows=("code",), oauth_scopes=("notes/read",)))
        told = await at.token(at.machine, grant_type=MACHINE)

    assert (400, "unauthorized_client") == told.error

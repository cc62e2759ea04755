"""What a server for development says to begin with."""

from __future__ import annotations

from dataclasses import replace

from poolhouse.cli.demo import Demo
from poolhouse.cli.starting import welcome
from poolhouse.config.addresses import Listen
from poolhouse.config.settings import Development, Root, Server, Settings, Store
from poolhouse.config.values import Secret

SETTINGS = Settings(
    server=Server(base_url="http://127.0.0.1:9000", listen=Listen("127.0.0.1", 9000)),
    store=Store(url=Secret("memory:")),
    root=Root(access_key_id="id", secret_access_key=Secret("secret")),
    dev=Development(enabled=True),
)


def test_the_exports_can_be_pasted_into_a_shell() -> None:
    exports = [line.strip() for line in welcome(SETTINGS, None).splitlines() if "export" in line]

    assert [
        "export AWS_ENDPOINT_URL=http://127.0.0.1:9000",
        "export AWS_ACCESS_KEY_ID=id",
        "export AWS_SECRET_ACCESS_KEY=secret",
        "export AWS_REGION=us-east-1",
        "export AWS_DEFAULT_REGION=us-east-1",
    ] == exports


def test_the_demo_is_told_where_there_is_one() -> None:
    told = welcome(SETTINGS, Demo("us-east-1_demo", "client", "http://localhost:8080/_dev/demo"))

    assert "us-east-1_demo" in told
    assert "http://localhost:8080/_dev/demo" in told
    assert "demo pool" not in welcome(SETTINGS, None)


def test_what_is_tried_first_is_something_that_the_server_offers() -> None:
    alone = replace(SETTINGS, server=replace(SETTINGS.server, parts=("identities",)))

    assert "Try: aws cognito-idp list-user-pools" in welcome(SETTINGS, None)
    assert "Try: aws cognito-identity list-identity-pools" in welcome(alone, None)


def test_an_address_that_others_can_reach_is_warned_of() -> None:
    open_to_all = replace(SETTINGS, server=replace(SETTINGS.server, listen=Listen("0.0.0.0", 9000)))

    assert "WARNING: others can reach 0.0.0.0:9000" in welcome(open_to_all, None)
    assert "WARNING" not in welcome(SETTINGS, None)


def test_no_outbox_page_is_named_where_there_is_none() -> None:
    hidden = replace(SETTINGS, dev=Development(enabled=True, outbox_page=False))

    assert "/_dev/outbox" in welcome(SETTINGS, None)
    assert "/_dev/outbox" not in welcome(hidden, None)

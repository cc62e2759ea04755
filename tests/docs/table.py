"""Which page is walked from where, which is run by a test of its own, and what is not run, with the reason."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Begins(Enum):
    """Where a reader stands who types what the page says."""

    EMPTY = "an empty folder"
    CHECKOUT = "a fresh checkout"
    EXAMPLE = "an environment of its own, in the folder of the page, in a fresh checkout"


WALKED: Final = {
    "README.md": Begins.CHECKOUT,
    "docs/command-line.md": Begins.EMPTY,
    "docs/credentials.md": Begins.EMPTY,
    "docs/from-javascript.md": Begins.EMPTY,
    "docs/gateway.md": Begins.EMPTY,
    "docs/hosted-sign-in.md": Begins.EMPTY,
    "docs/identities.md": Begins.EMPTY,
    "docs/identity-pools.md": Begins.EMPTY,
    "docs/logins.md": Begins.EMPTY,
    "docs/oidc.md": Begins.EMPTY,
    "docs/plugins.md": Begins.EMPTY,
    "docs/policies.md": Begins.EMPTY,
    "docs/verify-a-token.md": Begins.EMPTY,
    "examples/plugin_chat_push/README.md": Begins.EXAMPLE,
    "examples/plugin_fraud_check/README.md": Begins.EXAMPLE,
    "examples/plugin_game_ticket/README.md": Begins.EXAMPLE,
    "examples/plugin_guests_at_night/README.md": Begins.EXAMPLE,
    "examples/plugin_invite_only/README.md": Begins.EXAMPLE,
    "examples/plugin_mailed_link/README.md": Begins.EXAMPLE,
    "examples/plugin_migrate_sha1/README.md": Begins.EXAMPLE,
    "examples/plugin_migrate_sqlite/README.md": Begins.EXAMPLE,
}

INSTALLS: Final = frozenset(WALKED) - {
    "docs/command-line.md",
    "docs/credentials.md",
    "docs/gateway.md",
    "docs/hosted-sign-in.md",
    "docs/identities.md",
    "docs/identity-pools.md",
    "docs/logins.md",
    "docs/oidc.md",
    "docs/policies.md",
}
"""These install something from an index."""

ELSEWHERE: Final = {
    "docs/hooks.md": "tests/examples/test_hook_examples.py",
    "docs/operating.md": "tests/docs/test_operating*.py",
    "docs/pages.md": "tests/docs/test_pages_page.py",
    "docs/signing-in.md": "tests/end_to_end/test_signing_in_page.py",
    "docs/testing.md": "tests/docs/test_testing_page.py",
    "docs/triggers.md": "tests/docs/test_triggers_page.py",
    "docs/web-apps.md": "tests/docs/test_web_apps_page.py",
    "docs/writing-a-factor.md": "tests/docs/test_factor_page.py",
}
"""The test that runs what is on the page."""

_GATEWAY = "settings of a gateway that is not here; test_verifying.py asks a server for the addresses that they name"
_MAKE = "test_make_targets.py sees that each target is there; "

NOT_COMPARED: Final = {
    ("docs/command-line.md", "$ poolhouse jobs list"): "what waits and what runs is a matter of the moment",
}
"""By page and first line: what is typed, but may print something else than the page shows, and why."""

NOT_RUN: Final = {
    ("docs/gateway.md", "{"): "a policy; tests/unit/flows/access has those of the docs",
    ("docs/gateway.md", "http_filters:"): "settings of a gateway that is not here; test_gateway.py asks as it does",
    ("README.md", "make test"): "it runs this very test; the step `tests` of .ci/run types it",
    ("CONTRIBUTING.md", "make run        # a server for development at http://127.0.0.1:8080"): _MAKE
    + "the walk over README.md types the first, and the steps of .ci/run the second and third",
    (
        "docs/architecture.md",
        "AWS SDKs, CLI          OIDC clients            browsers               operators",
    ): "a drawing",
    ("docs/performance.md", "make bench                                  # everything, some fourteen minutes"): _MAKE
    + "they measure, which takes minutes and a machine without other work",
    (
        "docs/plugins.md",
        "poolhouse-reserved-names/",
    ): "a drawing of the folder; test_plugin_guide.py compares the files",
    ("docs/plugins.md", ".venv/bin/twine upload dist/*"): "a test publishes nothing",
    ("docs/verify-a-token.md", "{"): _GATEWAY,
    ("docs/verify-a-token.md", "name: envoy.filters.http.jwt_authn"): _GATEWAY,
    ("docs/verify-a-token.md", "location /api/ {"): _GATEWAY,
}
"""By page and first line: why nobody runs it."""

"""Each rule of OAuth and OpenID Connect that code says it keeps has its line in ``docs/oidc.md`` and a test that is
named after it; and each rule of the first two levels is kept, or has a reason why not."""

from __future__ import annotations

import pkgutil
import re
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name
from typing import Final

import poolhouse.flows.oauth
import poolhouse.server.oidc
from poolhouse.flows.oauth.rules import KEPT

ROOT = Path(__file__).parents[2]
SECTIONS: Final = "G10 A23 R9 E6 P5 C6 T7 K10 I6 U7 AT6 RT9 IN4 RV2 D9 LO10 SE1 H10"
"""The last rule of each letter, but for those of grants and protocols that are still to come."""
BELOW: Final = {
    "D4": (
        "poolhouse.tokens.pool_keys:PoolKeys",
        "end_to_end/test_conformance_config.py",
        "test_oidcc_discovery_endpoint_verification_of_the_keys",
    ),
    "D5": (
        "poolhouse.tokens.keys:KeyRing.rotate",
        "unit/tokens/test_key_ring.py",
        "test_a_new_key_is_published_at_once_and_signs_after_the_lead_time",
    ),
    "D6": (
        "poolhouse.tokens.keys:KeyRing.rotate",
        "unit/tokens/test_key_ring.py",
        "test_rotating_twice_at_once_or_soon_after_is_rotating_once",
    ),
    "D7": (
        "poolhouse.tokens.pool_keys:sealed_key",
        "unit/tokens/test_key_ring.py",
        "test_the_private_key_is_sealed_in_the_store",
    ),
    "G1": (
        "poolhouse.config.addresses:read_base_url",
        "end_to_end/test_oauth_below.py",
        "test_g1_the_issuer_is_one_address_everywhere",
    ),
    "G5": (
        "poolhouse.flows.clients.secrets:ClientSecrets.check",
        "security/test_49_constant_time.py",
        "test_no_module_compares_secrets_by_equality",
    ),
    "G9": (
        "poolhouse.tokens.jose:read",
        "security/test_36_algorithm_confusion.py",
        "test_a_verifier_for_one_algorithm_refuses_a_header_that_names_another",
    ),
    "G10": (
        "poolhouse.flows.oauth.backchannel_logout:BackchannelLogout",
        "security/test_41_ssrf.py",
        "test_only_plain_https_urls_are_taken",
    ),
    "H2": (
        "poolhouse.server.oidc.discovery:Discovery",
        "end_to_end/test_oauth_below.py",
        "test_h2_what_clients_may_keep_ends_before_a_new_key_signs",
    ),
    "H4": (
        "poolhouse.server.cookies:Cookies",
        "end_to_end/test_oauth_below.py",
        "test_h4_cookies_are_handles_for_this_host_and_are_taken_back_as_they_were_given",
    ),
    "H5": (
        "poolhouse.server.pages.csrf:Csrf.check",
        "security/test_22_forms_of_other_sites.py",
        "test_a_form_from_elsewhere_is_refused",
    ),
    "H6": (
        "poolhouse.server.pages.headers:headers",
        "unit/server/pages/test_headers.py",
        "test_every_page_has_these_fields",
    ),
    "H7": (
        "poolhouse.server.proxies:source_address",
        "security/test_25_forwarded_headers.py",
        "test_who_called_is_the_peer_unless_the_operator_trusts_it",
    ),
    "H9": (
        "poolhouse.server.logs",
        "security/test_no_secret_is_told.py",
        "test_no_log_line_and_no_error_holds_a_secret",
    ),
    "K5": (
        "poolhouse.flows.clients.secrets:ClientSecrets",
        "end_to_end/test_oauth_clients.py",
        "test_a_client_has_two_secrets_while_one_is_replaced_and_both_are_good",
    ),
    "R3": (
        "poolhouse.flows.clients.redirects:check_redirect",
        "end_to_end/test_oauth_below.py",
        "test_r3_what_is_no_address_of_an_app_is_not_registered",
    ),
    "RT1": (
        "poolhouse.flows.grants.handles:Handles",
        "end_to_end/test_oauth_below.py",
        "test_rt1_a_refresh_token_is_opaque_and_its_clients",
    ),
    "RT3": (
        "poolhouse.flows.grants.refresh:Refreshing.refresh",
        "security/test_14_refresh_race.py",
        "test_of_a_hundred_at_once_one_gets_the_successor",
    ),
    "RT7": (
        "poolhouse.flows.grants.gate:is_ended",
        "security/test_13_disabled_things_do_not_work.py",
        "test_what_is_not_usable_is_not_used",
    ),
    "RT9": (
        "poolhouse.flows.grants.handles:Handles.new_secret",
        "end_to_end/test_oauth_below.py",
        "test_rt9_tokens_and_codes_are_of_characters_that_forms_can_carry",
    ),
    "SE1": (
        "poolhouse.flows.grants.sessions:BrowserSessions",
        "end_to_end/test_oauth_logout.py",
        "test_se1_a_session_has_limits_and_can_be_listed_and_ended",
    ),
}
"""Rules that are kept by what knows nothing of OAuth and cannot be marked: where, and a test that holds it."""
_ASSERTIONS: Final = "clients prove themselves by secrets, not by signed assertions"
_FORMAT: Final = "access tokens have the form that Cognito gives them"
NOT_YET: Final = {
    **dict.fromkeys(("K6", "K7", "K8", "K9"), _ASSERTIONS),
    **dict.fromkeys(("AT1", "AT2", "AT3"), _FORMAT),
    "AT6": "nothing of ours asks for a step-up by a challenge of RFC 9470",
    "D9": "WebFinger is for those who do not know their provider",
    "I6": "no ID token is encrypted",
    "IN4": "introspection answers JSON",
    "LO9": "third-party cookies, on which a session iframe rests, are blocked",
    "LO10": "clients register no address for a sign-in that others begin",
    "T7": "there is no grant for assertions of others",
    "U5": "UserInfo answers JSON",
    **dict.fromkeys(("U6", "U7"), "every client knows a user by the same subject"),
}
"""Rules that nothing keeps, and why."""


def kept() -> set[str]:
    for package in (poolhouse.flows.oauth, poolhouse.server.oidc):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    return set(KEPT)


def with_tests() -> set[str]:
    files = [*(ROOT / "tests").rglob("test_oauth*.py"), *(ROOT / "tests" / "security").glob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return {name.upper() for name in re.findall(r"^(?:async )?def test_([a-z]{1,2}[0-9]{1,2})_", text, re.MULTILINE)}


def test_each_rule_that_is_kept_has_a_test_of_its_name() -> None:
    assert set() == kept() - with_tests()


def test_each_rule_is_kept_or_has_a_reason_and_never_both() -> None:
    last = re.findall(r"([A-Z]+)([0-9]+)", SECTIONS)
    every = {f"{letters}{number}" for letters, most in last for number in range(1, int(most) + 1)}
    held = kept() | BELOW.keys()

    assert set() == every - held - NOT_YET.keys()
    assert set() == held & NOT_YET.keys()
    assert set() == kept() & BELOW.keys()
    assert set() == (held | NOT_YET.keys()) - every


def test_what_is_kept_below_stands_where_it_is_said_to_and_has_its_tests() -> None:
    for place, file, test in BELOW.values():
        assert resolve_name(place) is not None
        assert f"def {test}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")


def test_each_rule_that_is_kept_is_told_in_the_docs_and_no_other() -> None:
    text = (ROOT / "docs" / "oidc.md").read_text(encoding="utf-8").partition("## Rules")[2].partition("\n## ")[0]

    assert kept() | BELOW.keys() == set(re.findall(r"^\| ([A-Z]{1,2}[0-9]{1,2}) \|", text, re.MULTILINE))

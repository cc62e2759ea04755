"""The modules that decide, each with the tests that speak of it. Few and fast ones: a mutant is tried on nothing else."""

from __future__ import annotations

from typing import Final

SECURITY: Final = "tests/security"
FLOWS: Final = "tests/unit/flows"

TESTS: Final[dict[str, tuple[str, ...]]] = {
    "flows/grants/gate": (
        f"{SECURITY}/test_13_disabled_things_do_not_work.py",
        f"{SECURITY}/test_15_a_reset_ends_sessions.py",
        f"{SECURITY}/test_15_revocation_lasts.py",
        f"{FLOWS}/grants/test_gate.py",
    ),
    "flows/sign_in/machine": (
        f"{SECURITY}/test_12_handles_are_used_once.py",
        f"{SECURITY}/test_13_disabled_things_do_not_work.py",
        f"{SECURITY}/test_26_factor_brute_force.py",
        f"{FLOWS}/sign_in",
    ),
    "flows/messages/codes": (
        f"{SECURITY}/test_01_recovery_without_the_secret.py",
        f"{SECURITY}/test_03_codes_stay_inside.py",
        f"{SECURITY}/test_26_codes_and_contacts.py",
        f"{FLOWS}/messages/test_codes.py",
    ),
    "flows/protection/lockout": (
        f"{SECURITY}/test_26_factor_brute_force.py",
        f"{SECURITY}/test_27_a_hundred_failures.py",
        f"{SECURITY}/test_27_lockout_on_every_path.py",
        f"{FLOWS}/protection/test_lockout.py",
    ),
    "flows/protection/limits": (f"{SECURITY}/test_how_often.py", f"{FLOWS}/protection/test_limits.py"),
    "flows/grants/claims": (
        f"{SECURITY}/test_05_attributes_are_no_rights.py",
        f"{SECURITY}/test_44_scopes.py",
        f"{FLOWS}/grants",
    ),
    "records/names": (f"{SECURITY}/test_47_names_that_look_alike.py", "tests/unit/records/test_names.py"),
    "flows/access/signatures": (f"{SECURITY}/test_20_repeated_parameters.py", f"{FLOWS}/access"),
    "crypto/vault": ("tests/unit/crypto/test_vault.py",),
    "tokens/keys": (
        f"{SECURITY}/test_36_algorithm_confusion.py",
        "tests/unit/tokens/test_key_ring.py",
        "tests/unit/tokens/test_checked_tokens.py",
    ),
    "tokens/jose": (
        f"{SECURITY}/test_36_algorithm_confusion.py",
        f"{SECURITY}/test_37_unsigned_tokens.py",
        f"{SECURITY}/test_38_key_in_token.py",
        f"{SECURITY}/test_39_oversized_requests.py",
        "tests/unit/tokens/test_jose.py",
    ),
}

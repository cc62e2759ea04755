"""The modules that decide, each with the tests that speak of it: few and fast ones, since each mutant runs them."""

from __future__ import annotations

from typing import Final

SECURITY: Final = "tests/security"
FLOWS: Final = "tests/unit/flows"

TESTS: Final[dict[str, tuple[str, ...]]] = {
    "flows/grants/gate": (f"{FLOWS}/grants/test_gate.py",),
    "flows/sign_in/machine": (f"{FLOWS}/sign_in/test_machine.py",),
    "flows/messages/codes": (f"{FLOWS}/messages/test_codes.py",),
    "flows/protection/lockout": (
        f"{FLOWS}/protection/test_lockout.py",
        f"{SECURITY}/test_27_outages_are_no_guesses.py",
    ),
    "flows/protection/limits": (f"{FLOWS}/protection/test_limits.py",),
    "flows/grants/claims": (f"{FLOWS}/grants/test_claims.py",),
    "flows/identities/roles": (f"{FLOWS}/identities/test_roles.py",),
    "flows/identities/tags": (f"{FLOWS}/identities/test_tags.py",),
    "flows/identities/settings": (f"{FLOWS}/identities/test_identity_pools.py", f"{FLOWS}/identities/test_tags.py"),
    "records/names": ("tests/unit/records/test_names.py",),
    "flows/access/signatures": (f"{FLOWS}/access/test_signature.py", f"{FLOWS}/access/test_canonical_requests.py"),
    "flows/access/policies": (f"{FLOWS}/access/test_policies.py", f"{FLOWS}/access/test_roles.py"),
    "flows/access/policy_conditions": (f"{FLOWS}/access/test_policies.py", f"{FLOWS}/access/test_policy_oracle.py"),
    "flows/access/policy_documents": (f"{FLOWS}/access/test_policy_documents.py", f"{FLOWS}/access/test_policy.py"),
    "flows/access/policy_globs": (f"{FLOWS}/access/test_policies.py", f"{FLOWS}/access/test_policy_oracle.py"),
    "flows/access/policy_targets": (f"{FLOWS}/access/test_policies.py", f"{FLOWS}/access/test_policy_oracle.py"),
    "flows/access/roles": (f"{FLOWS}/access/test_roles.py",),
    "crypto/vault": ("tests/unit/crypto/test_vault.py",),
    "tokens/keys": (
        "tests/unit/tokens/test_key_ring.py",
        "tests/unit/tokens/test_checked_tokens.py",
        "tests/unit/tokens/test_rotation_to_an_algorithm.py",
    ),
    "tokens/jose": (
        "tests/unit/tokens/test_jose.py",
        "tests/unit/tokens/test_algorithms.py",
        f"{SECURITY}/test_37_unsigned_tokens.py",
        f"{SECURITY}/test_38_key_in_token.py",
    ),
    "tokens/pool_keys": (
        "tests/unit/tokens/test_key_ring.py",
        "tests/unit/tokens/test_rotation_to_an_algorithm.py",
        "tests/unit/tokens/test_algorithms.py",
    ),
    "flows/identities/linking": (
        f"{FLOWS}/identities/test_linking.py",
        f"{FLOWS}/identities/test_identities.py",
        f"{FLOWS}/identities/test_developers.py",
        f"{FLOWS}/identities/test_merging.py",
        f"{FLOWS}/identities/test_identities_meanwhile.py",
    ),
    "flows/identities/merging": (
        f"{FLOWS}/identities/test_merging.py",
        f"{FLOWS}/identities/test_linking.py",
        f"{FLOWS}/identities/test_developers.py",
        f"{FLOWS}/identities/test_identities_meanwhile.py",
    ),
    "tokens/curves": ("tests/unit/tokens/test_algorithms.py", f"{SECURITY}/test_36_algorithm_confusion.py"),
}

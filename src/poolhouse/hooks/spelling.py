"""Hooks as the field spells them."""

from __future__ import annotations

_FIELD_NAMES = {
    "pre_token": "PreTokenGeneration",
    "migrate_user": "UserMigration",
    "define_challenge": "DefineAuthChallenge",
    "create_challenge": "CreateAuthChallenge",
    "verify_challenge": "VerifyAuthChallengeResponse",
    "compose_message": "CustomMessage",
}
"""Hooks that the field knows by another name than ours."""


def field_name(hook: str) -> str:
    """The hook as the field spells it: ``PreSignUp`` for ``pre_sign_up``."""
    return _FIELD_NAMES.get(hook) or hook.title().replace("_", "")

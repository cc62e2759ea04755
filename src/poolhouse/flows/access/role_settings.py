"""What may be said of a role and of a managed policy."""

from __future__ import annotations

import re
from typing import Any, Final

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason

MOST: Final = 10
"""How many policies a role has: of its own, and attached."""
_NAME: Final = re.compile(r"[A-Za-z0-9+=,.@_-]{1,64}")
_POLICY_NAME: Final = re.compile(r"[A-Za-z0-9+=,.@_-]{1,128}")
_PATH: Final = re.compile(r"/([A-Za-z0-9+=,.@_-]{1,64}/){0,7}")
_BACKEND: Final = re.compile(r"local|aws|s3:[A-Za-z0-9_.-]{1,64}")


def require_name(name: str) -> None:
    """Raises ``InvalidParameter``."""
    if _NAME.fullmatch(name) is None:
        raise InvalidParameter(Reason.ROLE_NAME_FORM)


def require_policy_name(name: str) -> None:
    """Raises ``InvalidParameter``."""
    if _POLICY_NAME.fullmatch(name) is None:
        raise InvalidParameter(Reason.POLICY_NAME_FORM)


def require_path(path: str) -> None:
    """Raises ``InvalidParameter``."""
    if _PATH.fullmatch(path) is None:
        raise InvalidParameter(Reason.ROLE_PATH_FORM)


def require_longest(seconds: Any) -> None:
    """Raises ``InvalidParameter``."""
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 3600 <= seconds <= 43200:
        raise InvalidParameter(Reason.ROLE_LONGEST)


def require_backend(name: Any) -> None:
    """Raises ``InvalidParameter``."""
    if not isinstance(name, str) or _BACKEND.fullmatch(name) is None:
        raise InvalidParameter(Reason.ROLE_BACKEND)


def require_few(count: int) -> None:
    """Raises ``InvalidParameter``."""
    if count > MOST:
        raise InvalidParameter(Reason.ROLE_POLICIES, most=MOST)

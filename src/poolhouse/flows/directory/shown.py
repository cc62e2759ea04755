"""What hooks are shown of a user."""

from __future__ import annotations

from poolhouse.records.users import User


def attributes_for_hooks(user: User) -> dict[str, str]:
    """The attributes as hooks see them: text, with the id and the state."""
    return {"sub": user.sub, "cognito:user_status": user.status, **user.attributes}

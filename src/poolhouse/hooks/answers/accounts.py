"""What hooks answer about users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SignUpDecision:
    """What a plugin grants a new user. The answers of all plugins are joined by "or"."""

    confirm: bool = False
    verify_email: bool = False
    verify_phone: bool = False


@dataclass(frozen=True, slots=True)
class MigratedUser:
    """A user found elsewhere. ``confirmed`` keeps the password that was just given; otherwise a reset is asked for.

    ``username`` is the internal name where the submitted one is an e-mail address or phone number of an alias pool;
    None takes the submitted name. ``password_hash`` takes over the old hash as it is (a format that some plugin or the
    product can check); None hashes the password that was just given. ``welcome`` names the channels (``email``,
    ``sms``) by which the user is told; no temporary password is in that message, as such a user has none.
    """

    attributes: Mapping[str, str]
    confirmed: bool = True
    username: str | None = None
    force_alias: bool = False
    password_hash: str | None = field(default=None, repr=False)
    welcome: tuple[str, ...] = ()

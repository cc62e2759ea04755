"""Which sentences, icons and input fields stand for the names of factors, attributes, scopes and errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct


class Way(Struct, frozen=True):
    """A way to sign in: the last part of its button's id, its icon, and the ids of its name and of what is said of
    it; ``to`` of what is said where it goes somewhere."""

    id: str
    icon: str
    name: str
    about: str | None = None
    to: str | None = None
    ends: bool = False


_PASSWORD: Final = Way("password", "lock", "way.password", "way.password_about")
_EMAIL: Final = Way("email", "mail", "way.email", None, "way.to")
_SMS: Final = Way("sms", "phone", "way.sms", None, "way.to_number", ends=True)

WAYS: Final[Mapping[str, Way]] = {
    "WEB_AUTHN": Way("passkey", "key", "way.passkey", "way.passkey_about"),
    "PASSWORD": _PASSWORD,
    "PASSWORD_SRP": _PASSWORD,
    "EMAIL_OTP": _EMAIL,
    "EMAIL_MFA": _EMAIL,
    "SMS_OTP": _SMS,
    "SMS_MFA": _SMS,
    "SOFTWARE_TOKEN_MFA": Way("authenticator", "app", "way.authenticator", "way.authenticator_about"),
    "RECOVERY_CODE": Way("recovery", "list", "way.recovery", "way.recovery_about"),
}
"""By the names of challenges and factors. What a plugin brings is called as it says."""

PURPOSES: Final[Mapping[str, str]] = {
    "challenge": "choose.challenge",
    "factor": "choose.factor",
    "set_up": "choose.set_up",
}

NAMES: Final[Mapping[frozenset[str], str]] = {
    frozenset({"username"}): "name.username",
    frozenset({"email"}): "name.email",
    frozenset({"phone_number"}): "name.phone_number",
    frozenset({"username", "email"}): "name.username_email",
    frozenset({"username", "phone_number"}): "name.username_phone_number",
    frozenset({"email", "phone_number"}): "name.email_phone_number",
    frozenset({"username", "email", "phone_number"}): "name.all",
}
"""What the first field is called, by what users can be called."""

LABELS: Final[Mapping[str, str]] = {
    "address": "attribute.address",
    "birthdate": "attribute.birthdate",
    "email": "attribute.email",
    "family_name": "attribute.family_name",
    "gender": "attribute.gender",
    "given_name": "attribute.given_name",
    "locale": "attribute.locale",
    "middle_name": "attribute.middle_name",
    "name": "attribute.name",
    "nickname": "attribute.nickname",
    "phone_number": "attribute.phone_number",
    "picture": "attribute.picture",
    "preferred_username": "attribute.preferred_username",
    "profile": "attribute.profile",
    "website": "attribute.website",
    "zoneinfo": "attribute.zoneinfo",
}
"""Of the standard attributes that a user may write."""

HINTS: Final[Mapping[str, str]] = {
    "birthdate": "attribute.birthdate_hint",
    "email": "attribute.email_hint",
    "phone_number": "attribute.phone_number_hint",
}

AUTOCOMPLETE: Final[Mapping[str, str]] = {
    "address": "street-address",
    "birthdate": "bday",
    "email": "email",
    "family_name": "family-name",
    "gender": "sex",
    "given_name": "given-name",
    "locale": "language",
    "middle_name": "additional-name",
    "name": "name",
    "nickname": "nickname",
    "phone_number": "tel",
    "picture": "photo",
    "preferred_username": "nickname",
    "website": "url",
}
"""HTML's words for them."""

SCOPES: Final[Mapping[str, tuple[str, str | None]]] = {
    "openid": ("scope.openid", "scope.openid_about"),
    "profile": ("scope.profile", "scope.profile_about"),
    "email": ("scope.email", None),
    "phone": ("scope.phone", None),
    "address": ("scope.address", None),
    "offline_access": ("scope.offline_access", "scope.offline_access_about"),
    "aws.cognito.signin.user.admin": ("scope.account", "scope.account_about"),
}


class ErrorWords(Struct, frozen=True):
    """The ids of what happened, what it means, and of what to do, in order."""

    title: str
    text: str
    steps: tuple[str, ...] = ()


_AGAIN: Final = ("error.from_app", "error.tell")

ERRORS: Final[Mapping[str, ErrorWords]] = {
    "attempt.ended": ErrorWords("error.attempt", "attempt.ended", ("error.from_app",)),
    "client.unknown": ErrorWords("link.bad", "error.client", _AGAIN),
    "form": ErrorWords("error.form", "error.form_text", ("error.form_step",)),
    "link.bad": ErrorWords("link.bad", "error.request", _AGAIN),
    "not_found": ErrorWords("error.not_found", "error.not_found_text"),
    "redirect_uri.wrong": ErrorWords("link.bad", "error.redirect_uri", _AGAIN),
    "server": ErrorWords("error.server", "error.server_text", ("error.later", "error.tell")),
}
"""By the kind of an error page. Another kind is one of the server."""

DONE: Final[Mapping[str, tuple[str, str]]] = {
    "confirmed": ("done.confirmed", "done.confirmed_text"),
    "reset": ("done.reset", "done.reset_text"),
    "signed_in": ("done.signed_in", "done.signed_in_text"),
}

LINKS: Final[Mapping[str, tuple[str, str]]] = {
    "ready": ("confirmlink.ready", "confirmlink.ready_text"),
    "done": ("confirmlink.done", "confirmlink.done_text"),
    "ended": ("confirmlink.ended", "confirmlink.ended_text"),
    "wrong": ("confirmlink.wrong", "confirmlink.wrong_text"),
}
"""By the state of a confirmation by link."""

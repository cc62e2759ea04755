"""What each page says, as values: the handlers make them, the renderer turns them into HTML (a template of the same
name each). They hold facts and the ids of messages, never sentences of ours, so that every page can be in every
language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from msgspec import Struct


class Problem(Struct, frozen=True):
    """Something to put right. ``id`` is that of the message (``signin.wrong``), ``field`` the input that it is about;
    None: the page as a whole. ``facts`` fill the sentence."""

    id: str
    field: str | None = None
    facts: Mapping[str, str | int] = {}


class Frame(Struct, frozen=True, kw_only=True):
    """What stands around every page. ``root`` is what stands before ``/login`` (``server.paths``), ``product`` the name
    over the page, ``client`` that of the app it leads to, ``csrf`` the token of its forms, ``handle`` that of the
    request that the page belongs to, as it stands in ``links``; ``locale`` the language.
    ``links`` are the ways out, by their ids (``forgot``, ``signup``, ``other``, ``restart`` ...) to addresses of this
    host; what is not there is not shown. ``redirect_origins`` are those that a form's answer may lead to: they stand in
    the policy of the page (oidc.md H6)."""

    root: str
    product: str
    client: str | None = None
    csrf: str = ""
    handle: str = ""
    locale: str = "en"
    links: Mapping[str, str] = {}
    redirect_origins: tuple[str, ...] = ()
    static: str = "/static/pages"
    logo: str | None = None
    """The address of a picture of the product's name, 36 pixels high, on this host; None: its name stands there."""


class View(Struct, frozen=True, kw_only=True):
    """A page. ``action`` is where its form goes; the empty address is the page itself. ``status`` is that of the answer
    (422 with problems)."""

    template: ClassVar[str]
    action: str = ""
    problems: tuple[Problem, ...] = ()
    notice: Problem | None = None
    """Good news above the form (``code.resent``)."""
    status: int = 200
    can_leave: bool = False
    """The user may go on without it."""

    @property
    def is_for_all(self) -> bool:
        """Whether the page shows nothing of who visits it, and not what time it is."""
        return False


class Field(Struct, frozen=True, kw_only=True):
    """An input for an attribute of the pool's schema, or for a plugin's challenge. ``kind``: ``text``, ``email``,
    ``tel``, ``date``, ``number``, ``password``, ``code``. ``label`` is a message's id where ours, text where a pool or
    a plugin wrote it (``is_text``)."""

    name: str
    kind: str = "text"
    label: str = ""
    is_text: bool = False
    required: bool = True
    value: str = ""
    longest: int | None = None
    options: tuple[tuple[str, str], ...] = ()
    """Values with what they are called, where one of them is to be picked."""
    hint: str | None = None
    """Of a pool or a plugin."""


class Option(Struct, frozen=True, kw_only=True):
    """One of several ways: ``value`` is what its button sends, ``name`` the challenge or factor (``SMS_MFA``), or text
    of a plugin; ``detail`` is a masked destination or a name that the user gave."""

    value: str
    name: str
    detail: str | None = None


class SignIn(View, frozen=True, kw_only=True):
    """The first page. ``names`` are what the pool's users can be called by (``username``, ``email``, ``phone_number``).
    Without ``asks_password`` the name comes first, alone. ``passkey`` are the options of a sign-in without a name."""

    template = "signin"
    names: tuple[str, ...]
    username: str = ""
    asks_password: bool = True
    passkey: Mapping[str, Any] | None = None
    providers: tuple[Option, ...] = ()
    can_remember: bool = True

    @property
    def is_for_all(self) -> bool:
        return not (self.username or self.passkey or self.problems or self.notice)


class Password(View, frozen=True, kw_only=True):
    template = "password"
    username: str


class Code(View, frozen=True, kw_only=True):
    """A code of a factor. ``factor`` is its name (``SMS_MFA``, ``EMAIL_OTP``, ``SOFTWARE_TOKEN_MFA``, or a plugin's);
    ``destination`` the masked contact, ``label`` what the user calls an authenticator. ``fields`` are those of a
    plugin's factor; empty: one, ``code``. ``recovery``: a recovery code is asked for."""

    template = "code"
    username: str
    factor: str
    destination: str | None = None
    label: str | None = None
    minutes: int | None = None
    can_resend: bool = False
    resend_after: int = 0
    offers_device: bool = False
    shown: Mapping[str, str] = {}
    fields: tuple[Field, ...] = ()
    recovery: bool = False


class Passkey(View, frozen=True, kw_only=True):
    """An authenticator signs. ``options`` are those of ``navigator.credentials.get``."""

    template = "passkey"
    username: str
    options: Mapping[str, Any]


class Choose(View, frozen=True, kw_only=True):
    """How to go on. ``purpose``: ``challenge``, ``factor``, ``set_up``."""

    template = "choose"
    username: str
    purpose: str
    options: tuple[Option, ...]


class NewPassword(View, frozen=True, kw_only=True):
    """``policy`` are the pool's rules (``length``, ``lower``, ``upper``, ``digits``, ``symbols``)."""

    template = "new_password"
    username: str
    policy: Mapping[str, int | bool]
    """``history`` is how many passwords may not be used again."""
    missing: tuple[Field, ...] = ()


class Custom(View, frozen=True, kw_only=True):
    """A challenge of a plugin, by a form of its fields. ``shown`` is what the plugin says."""

    template = "custom"
    username: str
    shown: Mapping[str, str] = {}
    fields: tuple[Field, ...] = ()


class Contact(View, frozen=True, kw_only=True):
    """Where the codes of a factor are to go: ``medium`` is ``SMS`` or ``EMAIL``, ``missing`` the one field, that of the
    attribute."""

    template = "contact"
    username: str
    medium: str
    missing: tuple[Field, ...]


class BeginFactor(View, frozen=True, kw_only=True):
    """What is to be done by a button only: a code is sent (``medium`` is ``SMS`` or ``EMAIL``, ``destination`` the
    masked contact), or recovery codes are made anew (``CODES``)."""

    template = "begin_factor"
    username: str
    medium: str
    destination: str | None = None


class Stuck(View, frozen=True, kw_only=True):
    """A second factor is needed, and none can be set up here."""

    template = "stuck"
    username: str


class SetUpAuthenticator(View, frozen=True, kw_only=True):
    """``key`` is the secret in Base32, ``address`` the ``otpauth`` URI that the picture holds."""

    template = "set_up_authenticator"
    username: str
    key: str
    address: str


class SetUpPasskey(View, frozen=True, kw_only=True):
    """``account`` is the id of the user who is shown; None where a sign-in says whose it is. ``can_refuse``: and say
    that nobody is to ask again."""

    template = "set_up_passkey"
    username: str
    account: str | None = None
    can_refuse: bool = False
    options: Mapping[str, Any]


class RecoveryCodes(View, frozen=True, kw_only=True):
    """Shown once."""

    template = "recovery_codes"
    codes: tuple[str, ...]


class SignUp(View, frozen=True, kw_only=True):
    """``asks_username``: the user chooses a name beside the attributes."""

    template = "signup"
    fields: tuple[Field, ...]
    policy: Mapping[str, int | bool]
    asks_username: bool
    asks_password: bool = True
    username: str = ""
    names: tuple[str, ...] = ("username",)
    """What the chosen name can be, as ``SignIn.names``."""
    terms: str | None = None
    """The version of the terms that have to be accepted; None: there are none."""


class Confirm(View, frozen=True, kw_only=True):
    """The code that a sign-up was sent."""

    template = "confirm"
    username: str
    destination: str | None = None
    medium: str | None = None
    minutes: int | None = None
    resend_after: int = 0
    """Seconds until another code can be asked for."""


class ConfirmLink(View, frozen=True, kw_only=True):
    """A page with a button, behind a mailed link. ``state``: ``ready``, ``done``, ``ended``, ``wrong``."""

    template = "confirm_link"
    state: str
    private: Mapping[str, str] = {}
    """What the button sends back."""


class Forgot(View, frozen=True, kw_only=True):
    template = "forgot"
    username: str = ""
    names: tuple[str, ...] = ("username",)


class Reset(View, frozen=True, kw_only=True):
    """Code and new password of a forgotten one."""

    template = "reset"
    username: str
    policy: Mapping[str, int | bool]
    destination: str | None = None
    minutes: int | None = None


class Consent(View, frozen=True, kw_only=True):
    """``scopes`` in order, ``descriptions`` those of resource servers in their owners' words. ``account`` is the id of
    the user who is shown: the form says for whom it is."""

    template = "consent"
    username: str
    account: str
    scopes: tuple[str, ...]
    descriptions: Mapping[str, str] = {}
    redirect_host: str = ""
    email: str | None = None
    phone_number: str | None = None


class Account(Struct, frozen=True, kw_only=True):
    value: str
    name: str
    detail: str | None = None
    signed_in: bool = True


class Accounts(View, frozen=True, kw_only=True):
    template = "accounts"
    accounts: tuple[Account, ...]


class SignOut(View, frozen=True, kw_only=True):
    """Asks whether to sign out (oidc.md LO3)."""

    template = "sign_out"
    username: str | None = None


class SignedOut(View, frozen=True, kw_only=True):
    """``frames`` are the addresses of clients that the browser tells (LO8), ``go_on`` where it goes after that."""

    template = "signed_out"
    frames: tuple[str, ...] = ()
    go_on: str | None = None


class Wait(View, frozen=True, kw_only=True):
    """Too many tries. ``seconds`` until the next one."""

    template = "wait"
    seconds: int
    reference: str | None = None
    status: int = 429


class Error(View, frozen=True, kw_only=True):
    """``kind`` is the message's id without its part (``link.bad``, ``attempt.ended``, ``client.unknown``,
    ``redirect_uri.wrong``, ``server``); ``reference`` the id that support asks for; ``detail`` what a developer needs:
    the word of the protocol and its description, in English."""

    template = "error"
    kind: str
    reference: str
    detail: str | None = None
    status: int = 400


class FormPost(View, frozen=True, kw_only=True):
    """The answer to a client by a form that posts itself (oidc.md A16). ``action`` is the redirect URI."""

    template = "form_post"
    fields: Mapping[str, str]


class Done(View, frozen=True, kw_only=True):
    """Something ended well, and there is no app to go to. ``kind``: ``confirmed``, ``reset``, ``signed_in``."""

    template = "done"
    kind: str

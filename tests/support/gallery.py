"""Every hosted page in every state, with what stands in the prototype of their looks, and a server that shows them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace

from poolhouse.server.pages.assets import Assets
from poolhouse.server.pages.fields import plugin_fields, told_by_plugin
from poolhouse.server.pages.forms import read_form
from poolhouse.server.pages.languages import Languages
from poolhouse.server.pages.renderer import Renderer
from poolhouse.server.pages.views import (
    Account,
    Accounts,
    BeginFactor,
    Choose,
    Code,
    Confirm,
    ConfirmLink,
    Consent,
    Contact,
    Custom,
    Done,
    Error,
    Field,
    Forgot,
    FormPost,
    Frame,
    NewPassword,
    Option,
    Passkey,
    Password,
    Problem,
    RecoveryCodes,
    Reset,
    SetUpAuthenticator,
    SetUpPasskey,
    SignedOut,
    SignIn,
    SignOut,
    SignUp,
    Stuck,
    View,
    Wait,
)

LENA = "lena.okafor@example.org"
POLICY: Mapping[str, int | bool] = {"length": 12, "history": 5}
STRICT: Mapping[str, int | bool] = {"length": 8, "lower": True, "upper": True, "digits": True, "symbols": True}
NOW = 1_795_511_640.0
"""24 November 2026, 09:14 UTC."""
REQUEST = {
    "challenge": "Y2hhbGxlbmdlLWNoYWxsZW5nZS1jaGFsbGVuZ2U",
    "timeout": 180_000,
    "rpId": "localhost",
    "allowCredentials": [],
    "userVerification": "preferred",
}
CREATION = {
    "rp": {"id": "localhost", "name": "Tidewater"},
    "user": {"id": "dXNlcg", "name": LENA, "displayName": "Lena Okafor"},
    "challenge": "Y2hhbGxlbmdlLWNoYWxsZW5nZS1jaGFsbGVuZ2U",
    "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
    "timeout": 180_000,
    "excludeCredentials": [],
    "authenticatorSelection": {"requireResidentKey": True, "residentKey": "required", "userVerification": "preferred"},
    "attestation": "none",
}
SIGN_UP = SignUp(
    fields=(
        Field(name="name", label="attribute.name", value="Lena Okafor"),
        Field(name="email", kind="email", label="attribute.email", value="lena.okafor@example"),
        Field(name="phone_number", kind="tel", label="attribute.phone_number", required=False),
    ),
    policy={"length": 12},
    asks_username=False,
    terms="2026-05",
)
SIGN_IN = SignIn(
    names=("username", "email"),
    passkey=REQUEST,
    providers=(
        Option(value="Google", name="Google"),
        Option(value="SignInWithApple", name="Apple"),
        Option(value="harbour", name="Harbour Consulting"),
    ),
)
ASKED = {
    "text": "Open the Harbour badge app and compare its picture with the one on your desk.",
    "form": '[{"name": "same", "label": "Is it the same picture?", "options": [["yes", "Yes, it is the same"],'
    ' ["no", "No, or I am not sure"]]}, {"name": "badge", "label": "Last 4 characters of your badge number",'
    ' "hint": "On the back of the badge, below the bar code"}]',
}
PHONE = Field(name="phone_number", kind="tel", label="attribute.phone_number")
TOTP = Code(username=LENA, factor="SOFTWARE_TOKEN_MFA", offers_device=True)
CONFIRM = Confirm(username=LENA, destination=LENA, medium="EMAIL", minutes=15, resend_after=45)
CHOOSE = Choose(
    username=LENA,
    purpose="challenge",
    options=(
        Option(value="WEB_AUTHN", name="WEB_AUTHN"),
        Option(value="PASSWORD", name="PASSWORD"),
        Option(value="EMAIL_OTP", name="EMAIL_OTP", detail="l•••@e•••.org"),
        Option(value="SMS_OTP", name="SMS_OTP", detail="+*********47"),
    ),
)

VIEWS: Mapping[str, View] = {
    "signin": SIGN_IN,
    "signin-wrong": replace(SIGN_IN, username=LENA, problems=(Problem("signin.wrong"),)),
    "signin-identifier": replace(SIGN_IN, asks_password=False),
    "signin-plain": SignIn(names=("username",), can_remember=False),
    "signin-phone": SignIn(names=("phone_number",), passkey=REQUEST),
    "password": Password(username=LENA),
    "password-wrong": Password(username=LENA, problems=(Problem("password.wrong", "password"),)),
    "totp": TOTP,
    "totp-wrong": replace(TOTP, label="My phone", problems=(Problem("code.wrong", "code"),)),
    "code-email": Code(
        username=LENA, factor="EMAIL_OTP", destination="l•••@e•••.org", minutes=3, can_resend=True, resend_after=45
    ),
    "code-sms": Code(username=LENA, factor="SMS_MFA", destination="+*********47", can_resend=True),
    "code-resent": Code(
        username=LENA, factor="EMAIL_OTP", destination="l•••@e•••.org", can_resend=True, notice=Problem("code.resent")
    ),
    "code-recovery": Code(username=LENA, factor="RECOVERY_CODE", recovery=True),
    "code-plugin": Code(
        username=LENA, factor="WORDS", shown={"question": "A word of your list, please."}, fields=plugin_fields({})
    ),
    "passkey": Passkey(username=LENA, options=REQUEST),
    "choose-factor": CHOOSE,
    "choose-mfa": Choose(
        username=LENA,
        purpose="factor",
        options=(
            Option(value="SOFTWARE_TOKEN_MFA", name="SOFTWARE_TOKEN_MFA"),
            Option(value="SMS_MFA", name="SMS_MFA", detail="+*********47"),
            Option(value="RECOVERY_CODE", name="RECOVERY_CODE"),
            Option(value="WORDS", name="A list of words"),
        ),
    ),
    "choose-set-up": Choose(
        username=LENA,
        purpose="set_up",
        options=(
            Option(value="SOFTWARE_TOKEN_MFA", name="SOFTWARE_TOKEN_MFA"),
            Option(value="SMS_MFA", name="SMS_MFA"),
        ),
        problems=(Problem("choose.needed"),),
    ),
    "new-password": NewPassword(username=LENA, policy=POLICY),
    "new-password-strict": NewPassword(
        username=LENA,
        policy=STRICT,
        missing=(
            Field(name="birthdate", kind="date", label="attribute.birthdate"),
            Field(name="custom_floor", kind="number", label="floor", is_text=True),
        ),
        problems=(Problem("password.symbols", "new_password"), Problem("field.needed", "birthdate")),
    ),
    "custom-challenge": Custom(username=LENA, shown=told_by_plugin(ASKED), fields=plugin_fields(ASKED)),
    "custom-wrong": Custom(
        username=LENA,
        shown={"riddle": "What has keys and opens nothing?"},
        fields=plugin_fields({}, {"answer_ANSWER": "a house"}),
        problems=(Problem("field.needed", "answer_ANSWER"),),
    ),
    "enrol-authenticator": SetUpAuthenticator(
        username=LENA,
        key="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
        address="otpauth://totp/Tidewater:lena.okafor%40example.org?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
        "&issuer=Tidewater",
        can_leave=True,
    ),
    "enrol-authenticator-wrong": SetUpAuthenticator(
        username=LENA,
        key="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
        address="otpauth://totp/Tidewater:lena?secret=JBSWY3DPEHPK3PXP",
        problems=(Problem("code.wrong", "code"),),
    ),
    "contact-number": Contact(username=LENA, medium="SMS", missing=(PHONE,)),
    "contact-wrong": Contact(
        username=LENA,
        medium="SMS",
        missing=(replace(PHONE, value="0170 1234"),),
        problems=(Problem("phone.shape", "phone_number"),),
    ),
    "contact-address": Contact(
        username=LENA, medium="EMAIL", missing=(Field(name="email", kind="email", label="attribute.email"),)
    ),
    "stuck": Stuck(username=LENA),
    "stuck-here": Stuck(username=LENA, can_leave=True),
    "begin-sms": BeginFactor(username=LENA, medium="SMS", destination="+*********47", can_leave=True),
    "begin-email": BeginFactor(username=LENA, medium="EMAIL", destination="l•••@e•••.org", can_leave=True),
    "begin-codes": BeginFactor(username=LENA, medium="CODES", can_leave=True),
    "choose-to-add": Choose(
        username=LENA,
        purpose="set_up",
        options=(
            Option(value="SOFTWARE_TOKEN_MFA", name="SOFTWARE_TOKEN_MFA"),
            Option(value="EMAIL_OTP", name="EMAIL_OTP"),
            Option(value="RECOVERY_CODE", name="RECOVERY_CODE"),
        ),
        can_leave=True,
    ),
    "offer-passkey": SetUpPasskey(username=LENA, options=CREATION, can_leave=True, can_refuse=True),
    "enrol-passkey": SetUpPasskey(username=LENA, options=CREATION, can_leave=True),
    "recovery-codes": RecoveryCodes(
        codes=(
            *("7KQM-2FXR", "9TBD-HW4C", "M3VN-8QJP", "C6YR-5KTA", "X2HW-PD7B"),
            *("4NGF-R9VM", "Q8CK-3TYH", "BJ5P-W6XD", "H7RT-MN2Q", "V9DA-4CKG"),
        )
    ),
    "signup": replace(SIGN_UP, asks_username=True, policy=STRICT),
    "signup-errors": replace(
        SIGN_UP,
        problems=(
            Problem("email.shape", "email"),
            Problem("password.short", "password", {"n": 12}),
            Problem("terms.needed", "terms"),
        ),
    ),
    "confirm": CONFIRM,
    "confirm-wrong": replace(CONFIRM, resend_after=0, problems=(Problem("code.ended", "code"),)),
    "confirm-hidden": Confirm(username=LENA, medium="SMS"),
    "confirm-link": ConfirmLink(state="ready", private={"code": "123456"}),
    "confirm-link-done": ConfirmLink(state="done"),
    "confirm-link-ended": ConfirmLink(state="ended"),
    "confirm-link-wrong": ConfirmLink(state="wrong"),
    "forgot": Forgot(names=("username", "email")),
    "forgot-empty": Forgot(names=("email",), problems=(Problem("name.needed", "username"),)),
    "reset": Reset(username=LENA, policy=POLICY, destination="l•••@e•••.org", minutes=15),
    "reset-wrong": Reset(
        username=LENA, policy=STRICT, problems=(Problem("code.wrong", "code"), Problem("password.used", "new_password"))
    ),
    "consent": Consent(
        username=LENA,
        account="1",
        scopes=("openid", "email", "notes/write", "offline_access"),
        descriptions={"notes/write": "Read and change your notes"},
        redirect_host="planner.example.net",
        email=LENA,
    ),
    "accounts": Accounts(
        accounts=(
            Account(value="1", name="Lena Okafor", detail=LENA),
            Account(value="2", name="Lena at Work", detail="l.okafor@harbour-consulting.example", signed_in=False),
        )
    ),
    "sign-out": SignOut(username=LENA),
    "signed-out": SignedOut(),
    "signed-out-frames": SignedOut(frames=("/frame",), go_on="/signed-out"),
    "wait": Wait(seconds=540, reference="req-81hd-44zc"),
    "error": Error(
        kind="redirect_uri.wrong",
        reference="req-7f3k-92mx",
        detail="redirect_uri: not registered for client 7abc…q2. error: invalid_request",
    ),
    "error-attempt": Error(kind="attempt.ended", reference="req-7f3k-92mx"),
    "error-client": Error(kind="client.unknown", reference="req-7f3k-92mx", detail="invalid_client"),
    "error-form": Error(kind="form", reference="req-7f3k-92mx", status=403),
    "error-link": Error(kind="link.bad", reference="req-7f3k-92mx"),
    "error-not-found": Error(kind="not_found", reference="req-7f3k-92mx", status=404),
    "error-server": Error(kind="server", reference="req-7f3k-92mx", status=500),
    "form-post": FormPost(action="/taken", fields={"code": "c0de", "state": "5t4te"}),
    "done": Done(kind="confirmed"),
    "done-reset": Done(kind="reset"),
    "done-signed-in": Done(kind="signed_in"),
}
"""By the names of their pictures."""

_ALWAYS = ("privacy", "terms-of-use", "help")
_LINKS: Mapping[str, tuple[str, ...]] = {
    "signin": ("forgot", "signup"),
    "password": ("restart", "other", "forgot"),
    "code": ("restart", "other", "recovery"),
    "passkey": ("restart", "other"),
    "choose": ("restart", "recover"),
    "new_password": ("restart",),
    "custom": ("restart", "other"),
    "contact": ("restart", "other"),
    "stuck": ("restart",),
    "begin_factor": ("restart", "other"),
    "set_up_authenticator": ("other",),
    "set_up_passkey": ("restart",),
    "signup": ("signin",),
    "confirm": ("change",),
    "confirm_link": ("resend", "home"),
    "forgot": ("signin",),
    "reset": ("restart", "resend", "signin"),
    "consent": ("restart",),
    "accounts": ("forget", "signout"),
    "signed_out": ("signin", "home"),
    "wait": ("forgot",),
    "error": ("home", "account"),
    "done": ("signin",),
}


RTL = 'msgid "language.direction"\nmsgstr "rtl"\n'
"""A catalogue that translates nothing."""


class Clock:
    def now(self) -> float:
        return NOW


def frame_of(view: View, *, locale: str = "en", logo: str | None = "/logo.svg") -> Frame:
    """With all the ways out that the page can have."""
    names = (*_LINKS.get(view.template, ()), *_ALWAYS)
    return Frame(
        root="",
        product="Tidewater",
        client="Tide Planner" if view.template in ("consent", "error") else "Tidewater Notes",
        csrf="0p3n",
        locale=locale,
        links={name: f"/{name}" for name in names},
        logo=logo,
    )


LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 36" width="150" height="36">'
    '<rect width="36" height="36" rx="9" fill="#1b4dd1"/></svg>'
)


class Gallery(Struct, frozen=True):
    """``posted`` are the forms that were sent, with the name of the page; ``forms`` has each once."""

    address: str
    posted: list[tuple[str, dict[str, str]]]
    forms: asyncio.Queue[str]


@asynccontextmanager
async def gallery(brand: str = "", locales: Path | None = None, logo: str = LOGO) -> AsyncIterator[Gallery]:
    """A server with all of them, each at its name. With ``?name`` the product has no picture."""
    renderer = Renderer(
        Clock(),
        "http://localhost",
        assets=Assets(brand),
        languages=Languages(locales) if locales else Languages(),
    )

    posted: list[tuple[str, dict[str, str]]] = []
    forms: asyncio.Queue[str] = asyncio.Queue()

    async def page(request: web.Request) -> web.Response:
        if request.method == "POST":
            posted.append((request.match_info["name"], await read_form(request)))
            forms.put_nowait(request.match_info["name"])
        view = VIEWS.get(request.match_info["name"])
        if view is None:
            return web.Response(text="<!doctype html><title>Elsewhere</title>", content_type="text/html")
        locale = renderer.languages.choose(request)
        shows = None if "name" in request.query else "/logo.svg"
        return renderer.render(request, frame_of(view, locale=locale, logo=shows), view)

    async def picture(_: web.Request) -> web.Response:
        return web.Response(text=logo, content_type="image/svg+xml")

    app = web.Application()
    for route in renderer.routes:
        app.router.add_route(route.method, route.path, route.handler)
    app.router.add_get("/logo.svg", picture)
    app.router.add_route("*", "/{name}", page)
    runner = web.AppRunner(app)
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        await web.SockSite(runner, listening).start()
        try:
            yield Gallery(f"http://localhost:{listening.getsockname()[1]}", posted, forms)
        finally:
            await runner.cleanup()

"""Every way to begin, by every second factor and a remembered device, mode, state of the user, and whether a client may
learn who exists.

What is expected is written down here once more, by hand and from the contract, and knows nothing of the code.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from dataclasses import replace as changed
from typing import Any

import pytest
from msgspec.structs import replace

from poolhouse import errors
from poolhouse.flows.accounts.administration import Invitation
from poolhouse.flows.factors.preferences import Wish
from poolhouse.flows.pools.mfa import MfaSettings
from poolhouse.records.clients import Client
from poolhouse.records.pools import PasskeyPolicy, Pool
from poolhouse.records.users import CONFIRMED, FORCE_CHANGE_PASSWORD, RESET_REQUIRED, UNCONFIRMED, User
from poolhouse.testing import VirtualAuthenticator
from tests.support.devices import ALWAYS, Device, on_device
from tests.support.devices import SRP as DEVICE_SRP
from tests.support.devices import VERIFIER as DEVICE_VERIFIER
from tests.support.factors import (
    SMS,
    TOTP,
    App,
    begun_in_sign_in,
    confirmed_in_sign_in,
    enrolled,
    with_factors,
)
from tests.support.house import FLOWS, PASSWORD, House, opened_house
from tests.support.passkeys import ORIGIN, RP_ID, WEB_AUTHN, options_of, registered
from tests.support.sign_in import Answer, Asking, Opening, Reply, SignedIn, initiate, respond
from tests.support.srp_client import SrpClient

OPENINGS = ("password", "administrator", "srp", "choice", "code", "passkey", "passkey for both")
HELD = ("nothing", "telephone", "app", "both", "device")
MODES = ("OFF", "OPTIONAL", "ON")
STATES = ("confirmed", "unconfirmed", "disabled", "reset", "temporary", "expired", "locked", "deleted", "unknown")

PASSKEYS = ("passkey", "passkey for both")
SIGN_INS = [
    (opening, mode)
    for opening, mode in itertools.product(OPENINGS, MODES)
    # Where everybody needs two factors, passkeys that are one are refused by the pool.
    if (opening, mode) != ("passkey", "ON")
]
USERS = (
    *itertools.product(HELD, ("confirmed", "temporary")),
    *itertools.product(("device",), ("disabled", "locked", "deleted")),
    *itertools.product(("app",), ("unconfirmed", "disabled", "reset", "expired", "locked", "deleted")),
    *itertools.product(("nothing",), ("unconfirmed", "disabled", "reset", "deleted", "unknown")),
)
"""What they hold (a device is remembered, and an app is there beside it), and their state: what a state forbids, it
forbids whatever is held."""


@dataclass(frozen=True)
class Scene:
    opening: str
    held: str
    mode: str
    state: str
    hiding: bool

    @property
    def name(self) -> str:
        return f"{self.held}-{self.state}"


def by_passkey(scene: Scene) -> tuple[str, ...]:
    """What follows where the preferred beginning is a passkey. Pools take it for one factor, or, of users who say so
    beside a factor of their own, for both."""
    has_second = scene.mode != "OFF" and scene.held != "nothing"
    for_both = scene.opening == "passkey for both" and has_second
    out_of_reach = scene.state in ("unknown", "disabled") or scene.mode == "ON" or has_second
    if out_of_reach and not (for_both and scene.state not in ("unknown", "disabled")):
        # Who may not learn who exists asks for a passkey, and none is right.
        refused = "InvalidSession" if scene.state == "deleted" else "WrongCredentials"
        return (WEB_AUTHN, refused) if scene.hiding else ("SELECT_CHALLENGE",)
    after = {
        "unconfirmed": ("UserNotConfirmed",),
        "reset": ("PasswordResetRequired",),
        "expired": ("NotAuthorized",),
        "temporary": ("NEW_PASSWORD_REQUIRED", "tokens"),
        "deleted": ("InvalidSession",),
    }
    return (WEB_AUTHN, *after.get(scene.state, ("tokens",)))


def by_second_factor(scene: Scene) -> tuple[str, ...]:
    """What a confirmed user is asked for after the first proof, to the end."""
    if scene.mode == "OFF":
        return ("tokens",)
    asked = {
        "telephone": (SMS,),
        "app": (TOTP,),
        "both": ("SELECT_MFA_TYPE", SMS),
        "device": (DEVICE_SRP, DEVICE_VERIFIER),
        "nothing": ("MFA_SETUP",) if scene.mode == "ON" else (),
    }[scene.held]
    return (*asked, "tokens")


def expected(scene: Scene) -> tuple[str, ...]:
    """The challenges in their order, and how it ends."""
    if scene.state == "unknown" and not scene.hiding:
        return ("UserNotFound",)
    if scene.state == "disabled" and not scene.hiding:
        return ("UserDisabled",)
    if scene.opening in PASSKEYS:
        return by_passkey(scene)
    first = {"srp": ("PASSWORD_VERIFIER",), "code": ("EMAIL_OTP",)}.get(scene.opening, ())
    if scene.opening == "code":
        has_second = scene.mode != "OFF" and scene.held != "nothing"
        out_of_reach = scene.state in ("unknown", "disabled", "unconfirmed") or has_second
        if scene.mode == "ON" or (out_of_reach and not scene.hiding):
            return ("SELECT_CHALLENGE",)
        if out_of_reach:
            return (*first, "InvalidSession" if scene.state == "deleted" else "CodeMismatch")
    after = {
        "unknown": ("WrongCredentials",),
        "locked": ("AttemptsExceeded",),
        "disabled": ("UserDisabled",),
        "unconfirmed": ("UserNotConfirmed",),
        "reset": ("PasswordResetRequired",),
        "expired": ("NotAuthorized",),
        "temporary": ("NEW_PASSWORD_REQUIRED", *by_second_factor(scene)),
        "confirmed": by_second_factor(scene),
        # between the first question and its answer, where there is one
        "deleted": ("InvalidSession",) if by_second_factor(scene) != ("tokens",) or first else ("tokens",),
    }[scene.state]
    if scene.state == "locked" and scene.opening == "code":
        after = by_second_factor(scene)  # wrong passwords lock the password
    if scene.state == "deleted" and not first and after == ("InvalidSession",):
        return (by_second_factor(scene)[0], *after)
    return (*first, *after)


@dataclass(frozen=True)
class Has:
    """What lies before the user."""

    app: App | None = None
    device: Device | None = None
    key: VirtualAuthenticator | None = None


class Played:
    """One sign-in, answered rightly to the end."""

    def __init__(self, house: House, pool: Pool, client: Client, scene: Scene, has: Has) -> None:
        self.house, self.pool, self.client, self.scene = house, pool, client, scene
        self.app, self.device, self.key = has.app, has.device, has.key
        self.name = scene.name
        self.srp = SrpClient(house, client) if scene.opening == "srp" else None

    async def run(self) -> tuple[str, ...]:
        seen: list[str] = []
        try:
            reply = await self.begin()
            while isinstance(reply, Asking):
                seen.append(reply.challenge)
                if reply.challenge == "SELECT_CHALLENGE":
                    assert ("EMAIL_OTP" if self.scene.opening == "code" else WEB_AUTHN) not in reply.available
                    return tuple(seen)
                if self.scene.state == "deleted":
                    await self.house.services.users.delete(self.pool, self.name)
                reply = await self.answer(reply)
        except errors.PoolhouseError as error:
            return (*seen, type(error).__name__)
        assert isinstance(reply, SignedIn)
        return (*seen, "tokens")

    async def begin(self) -> Reply:
        parameters = {"USERNAME": self.name, "PASSWORD": PASSWORD}
        flow = {"password": "USER_PASSWORD_AUTH", "administrator": "ADMIN_USER_PASSWORD_AUTH", "srp": "USER_SRP_AUTH"}
        if self.scene.opening == "choice":
            parameters["PREFERRED_CHALLENGE"] = "PASSWORD"
        elif self.scene.opening == "code":
            parameters = {"USERNAME": self.name, "PREFERRED_CHALLENGE": "EMAIL_OTP"}
        elif self.scene.opening in PASSKEYS:
            parameters = {"USERNAME": self.name, "PREFERRED_CHALLENGE": WEB_AUTHN}
        elif self.srp is not None:
            parameters = {"USERNAME": self.name, "SRP_A": self.srp.big_a}
        if self.device is not None:
            parameters["DEVICE_KEY"] = self.device.key
        return await initiate(
            self.house.services,
            self.client,
            Opening(
                flow=flow.get(self.scene.opening, "USER_AUTH"),
                parameters=parameters,
                by_admin=self.scene.opening == "administrator",
            ),
        )

    async def answer(self, asking: Asking) -> Reply:
        if asking.challenge == "PASSWORD_VERIFIER":
            assert self.srp is not None
            return await self.srp.answer(asking, PASSWORD)
        if asking.challenge == "MFA_SETUP":
            app, session = await begun_in_sign_in(self.house, asking)
            session = await confirmed_in_sign_in(self.house, session, app.code())
            asking = changed(asking, handle=session)
        answers = {
            "NEW_PASSWORD_REQUIRED": lambda: {"NEW_PASSWORD": "An0ther-Horse!"},
            "SELECT_MFA_TYPE": lambda: {"ANSWER": SMS},
            "MFA_SETUP": dict,
            TOTP: lambda: {f"{TOTP}_CODE": self.app.code() if self.app else ""},
            WEB_AUTHN: lambda: {"CREDENTIAL": json.dumps(self.signed(asking))},
            DEVICE_SRP: lambda: {"DEVICE_KEY": self.device.key, "SRP_A": self.device.big_a} if self.device else {},
            DEVICE_VERIFIER: lambda: self.device.answers(asking.public) if self.device else {},
        }.get(asking.challenge, lambda: {f"{asking.challenge}_CODE": self.house.last_code()})()
        given = {"USERNAME": self.name, **answers}
        return await respond(
            self.house.services,
            self.client,
            Answer(challenge=asking.challenge, handle=asking.handle, answers=given),
        )

    def signed(self, asking: Asking) -> dict[str, Any]:
        """By the user's own passkey, or by a stranger's, whatever was asked for."""
        key = self.key or stranger()
        return key.sign(key.ids[0], options_of(asking), ORIGIN)


def stranger() -> VirtualAuthenticator:
    key = VirtualAuthenticator()
    user = {"id": "amFuZQ", "name": "jane", "displayName": "jane"}
    key.create({"rp": {"id": RP_ID}, "user": user, "challenge": "AAAA"}, ORIGIN)
    return key


async def prepared(house: House, pool: Pool, client: Client, scene: Scene) -> Has:
    """There is such a user."""
    users, services = house.built.ports.users, house.services
    if scene.state == "unknown":
        return Has()
    contacts = {"email": f"{scene.name}@example.com", "email_verified": "true"}
    if scene.held in ("telephone", "both"):
        contacts["phone_number"] = f"+1415555{HELD.index(scene.held)}{STATES.index(scene.state):03}"
    invitation = Invitation(username=scene.name, password=PASSWORD, attributes=contacts, silent=True)
    user = await services.users.invite(pool, invitation)
    user = await users.save(pool, replace(user, status=CONFIRMED, temporary_until=None))
    key = None
    if scene.opening in PASSKEYS:
        key = await registered(house, await house.sign_in(client, scene.name))
    device = await on_device(house, client, scene.name) if scene.held == "device" else None
    app = None
    if scene.held in ("app", "both", "device"):
        app = await enrolled(house, await house.sign_in(client, scene.name))
    wishes: tuple[str, ...] = {"telephone": (SMS,), "app": (TOTP,), "device": (TOTP,), "both": (SMS, TOTP)}.get(
        scene.held, ()
    )
    if scene.opening == "passkey for both" and wishes:
        wishes = (*wishes, WEB_AUTHN)
    await services.preferences.set_for(pool, scene.name, [Wish(factor, enabled=True) for factor in wishes])
    found = await users.get(pool.id, user.sub)
    assert found is not None
    await users.save(pool, in_state(house, found, scene.state))
    if scene.state == "locked":
        for _ in range(6):
            with pytest.raises(errors.NotAuthorized):
                await house.sign_in(client, scene.name, "Wr0ng-Horse!")
    return Has(app, device, key)


def in_state(house: House, user: User, state: str) -> User:
    now = house.clock.now()
    match state:
        case "unconfirmed":
            attributes = {key: value for key, value in user.attributes.items() if key != "email_verified"}
            return replace(user, status=UNCONFIRMED, attributes=attributes)
        case "disabled":
            return replace(user, enabled=False)
        case "reset":
            return replace(user, status=RESET_REQUIRED)
        case "temporary":
            return replace(user, status=FORCE_CHANGE_PASSWORD, temporary_until=now + 86400)
        case "expired":
            return replace(user, status=FORCE_CHANGE_PASSWORD, temporary_until=now - 1)
        case _:
            return user


@pytest.fixture
async def opened() -> AsyncIterator[House]:
    async with opened_house() as house:
        yield house


@pytest.mark.parametrize("hiding", [False, True], ids=["open", "hiding"])
@pytest.mark.parametrize(("opening", "mode"), SIGN_INS)
async def test_every_sign_in_goes_as_the_contract_says(opened: House, opening: str, mode: str, *, hiding: bool) -> None:
    house = opened
    firsts = ("PASSWORD", "EMAIL_OTP", *([WEB_AUTHN] if opening in PASSKEYS else []))
    pool = await house.pool(auto_verified=(), first_factors=firsts, devices=ALWAYS)
    if opening in PASSKEYS:
        policy = PasskeyPolicy(rp_id=RP_ID, instead=opening == "passkey for both")
        pool = await house.services.pools.set_mfa(pool.id, MfaSettings(mode="OFF", passkeys=policy))
    pool = await with_factors(house, pool, "OPTIONAL", SMS, TOTP)
    flows = (*FLOWS, "ALLOW_USER_AUTH")
    making = await house.client(pool, flows=flows)
    client = await house.client(pool, flows=flows, hides_users=hiding)
    played: dict[Scene, tuple[str, ...]] = {}
    scenes = [Scene(opening, held, mode, state, hiding) for held, state in USERS]
    having = {scene: await prepared(house, pool, making, scene) for scene in scenes}
    pool = await with_factors(house, pool, mode, SMS, TOTP)

    for scene in scenes:
        if scene.state == "locked":
            with pytest.raises(errors.NotAuthorized):  # the lock of a moment ago may be over
                await house.sign_in(client, scene.name, "Wr0ng-Horse!")
        played[scene] = await Played(house, pool, client, scene, having[scene]).run()

    assert {scene: expected(scene) for scene in scenes} == played

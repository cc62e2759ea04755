"""Tokens that only their provider can read: Facebook's, Amazon's, Twitter's and those of Digits. Each costs a call,
which is limited, and no answer is kept (FED-303)."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlencode

from poolhouse.errors import LoginRefused, ProviderAway
from poolhouse.errors.reasons import Reason
from poolhouse.flows.identities.proofs.kind import (
    Entry,
    LoginKind,
    require_opaque,
    require_subject,
    told,
)
from poolhouse.flows.identities.proofs.outbound import Outbound
from poolhouse.hooks.context import Http
from poolhouse.ports.identities import OAuth1, Proven
from poolhouse.ports.world import Chance, Clock

FACEBOOK: Final = "graph.facebook.com"
AMAZON: Final = "www.amazon.com"
TWITTER: Final = "api.twitter.com"
DIGITS: Final = "www.digits.com"


class FacebookLogins:
    """``secrets`` has the secret of an app by its id, where there is one: then Facebook is asked about the token as
    that app; otherwise with the token itself. ID tokens of Limited Login are for ``limited``."""

    def __init__(
        self,
        graph: str,
        http: Http,
        outbound: Outbound,
        clock: Clock,
        limited: LoginKind,
        secrets: Callable[[str], str | None],
    ) -> None:
        self._graph = graph.rstrip("/")
        self._http = http
        self._outbound = outbound
        self._clock = clock
        self._limited = limited
        self._secrets = secrets

    async def prove(self, entry: Entry, value: str) -> Proven:
        if value.count(".") == 2:
            return await self._limited.prove(entry, value)
        token, app = require_opaque(value), _one(entry.apps)
        await self._outbound.admit(entry.pool.id)
        secret = self._secrets(app)
        if secret is None:
            subject = await self._by_itself(token, app)
        else:
            subject = await self._by_the_app(token, app, secret)
        return _proven(entry, subject, app, {"app_id": app, "user_id": subject})

    async def _by_the_app(self, token: str, app: str, secret: str) -> str:
        ours = f"{app}|{secret}"
        said = (await self._asked("debug_token", ours, secret, input_token=token)).get("data")
        if not isinstance(said, Mapping):
            raise ProviderAway(detail="no data in the answer")
        # The app before anything else of the answer is looked at (FED-302).
        if said.get("app_id") != app:
            raise LoginRefused(Reason.LOGIN_NOT_SUPPORTED)
        expires = said.get("expires_at")
        if said.get("is_valid") is not True or said.get("type", "USER") != "USER":
            raise LoginRefused(Reason.LOGIN_INVALID, detail="not valid")
        if isinstance(expires, bool) or not isinstance(expires, int):
            raise ProviderAway(detail="no expires_at in the answer")
        now = self._clock.now()
        # Zero is never, in Facebook's words.
        if expires and not now < expires:
            raise LoginRefused(Reason.LOGIN_EXPIRED, now=int(now), exp=expires)
        subject = require_subject(said, "user_id")
        if require_subject(await self._asked("me", token, secret, fields="id"), "id") != subject:
            raise LoginRefused(Reason.LOGIN_INVALID, detail="two users")
        return subject

    async def _by_itself(self, token: str, app: str) -> str:
        if (await self._asked("app", token, None, fields="id")).get("id") != app:
            raise LoginRefused(Reason.LOGIN_NOT_SUPPORTED)
        return require_subject(await self._asked("me", token, None, fields="id"), "id")

    async def _asked(self, what: str, token: str, secret: str | None, **more: str) -> Mapping[str, Any]:
        query = {**more, "access_token": token}
        if secret is not None:
            query["appsecret_proof"] = hmac.new(secret.encode(), token.encode(), sha256).hexdigest()
        return await told(self._http, f"{self._graph}/{what}?{urlencode(query)}")


class AmazonLogins:
    def __init__(self, tokeninfo: str, http: Http, outbound: Outbound) -> None:
        self._tokeninfo = tokeninfo
        self._http = http
        self._outbound = outbound

    async def prove(self, entry: Entry, value: str) -> Proven:
        token, app = require_opaque(value), _one(entry.apps)
        await self._outbound.admit(entry.pool.id)
        said = await told(self._http, f"{self._tokeninfo}?{urlencode({'access_token': token})}")
        if said.get("aud") != app:
            raise LoginRefused(Reason.LOGIN_NOT_SUPPORTED)
        left = said.get("exp")
        if isinstance(left, bool) or not isinstance(left, int | float):
            raise ProviderAway(detail="no exp in the answer")
        # Here it is not an instant, but the seconds that are left.
        if not left > 0:
            raise LoginRefused(Reason.LOGIN_INVALID, detail="expired")
        subject = require_subject(said, "user_id")
        return _proven(entry, subject, app, {"user_id": subject})


class OAuth1Logins:
    """Twitter, and what speaks as it does. The app is ``key;secret``, the login ``token;secret``: the request is signed
    with all four, so a token of another app is refused by the provider. Without ``url`` no token is good."""

    def __init__(
        self, url: str | None, http: Http, outbound: Outbound, signatures: OAuth1, chance: Chance, clock: Clock
    ) -> None:
        self._url = url
        self._http = http
        self._outbound = outbound
        self._signatures = signatures
        self._chance = chance
        self._clock = clock

    async def prove(self, entry: Entry, value: str) -> Proven:
        consumer = _pair(_one(entry.apps))
        if self._url is None or consumer is None:
            raise LoginRefused(Reason.LOGIN_NOT_SUPPORTED)
        token = _pair(require_opaque(value))
        if token is None:
            raise LoginRefused(Reason.LOGIN_INVALID, detail="not two parts")
        await self._outbound.admit(entry.pool.id)
        header = self._signatures.authorization(
            self._url, consumer, token, nonce=self._chance.raw(16).hex(), instant=int(self._clock.now())
        )
        said = await told(self._http, self._url, {"Authorization": header})
        return _proven(entry, require_subject(said, "id_str"), consumer[0], {})


def _one(apps: tuple[str, ...]) -> str:
    """The app id of the pool. Raises ``LoginRefused`` where there is none: that is never "any"."""
    if len(apps) != 1 or not apps[0]:
        raise LoginRefused(Reason.LOGIN_NOT_SUPPORTED)
    return apps[0]


def _pair(text: str) -> tuple[str, str] | None:
    first, _, second = text.partition(";")
    return (first, second) if first and second and ";" not in second else None


def _proven(entry: Entry, subject: str, app: str, more: Mapping[str, Any]) -> Proven:
    return Proven(
        provider=entry.key,
        subject=subject,
        app=app,
        kind="social",
        names=(entry.key,),
        claims={"iss": entry.key, "aud": app, "sub": subject, **more},
        amr=(entry.key,),
    )

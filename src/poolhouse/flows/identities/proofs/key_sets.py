"""The keys of other issuers: fetched when they are needed, kept for an hour, and looked for again when a token names
one that is not among them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

from msgspec import MsgspecError, Struct
from msgspec.json import decode

from poolhouse.errors import LoginRefused, ProviderAway
from poolhouse.errors.reasons import Reason
from poolhouse.flows.identities.proofs.kind import called
from poolhouse.hooks.context import Http
from poolhouse.ports.identities import ForeignKeys, ForeignToken, ForeignTokens
from poolhouse.ports.world import Clock

FRESH: Final = 3600.0
AGAIN: Final = 60.0
"""Seconds between two fetches for the sake of keys that are not there."""
AFTER_FAILURE: Final = 5.0
KEPT: Final = 1000
LARGEST: Final = 256 * 1024
_CONFIGURATION: Final = "/.well-known/openid-configuration"


class KeySource(Struct, frozen=True):
    """Where the keys of an issuer are: at ``jwks_uri``, or where its discovery document says (None)."""

    issuer: str
    jwks_uri: str | None = None


class _Held(Struct):
    """``keys`` None: they were never there. ``fetched`` and ``failed`` are the instants of the last of each."""

    keys: ForeignKeys | None = None
    fetched: float = float("-inf")
    tried: float = float("-inf")
    failed: bool = False


class KeySets:
    """Addresses come from the configuration, and never from a token (security rows 38 and 41)."""

    def __init__(self, http: Http, tokens: ForeignTokens, clock: Clock) -> None:
        self._http = http
        self._tokens = tokens
        self._clock = clock
        self._held: OrderedDict[KeySource, _Held] = OrderedDict()
        self._fetching: dict[KeySource, asyncio.Task[None]] = {}

    def read(self, value: str) -> ForeignToken:
        """Raises ``LoginRefused`` for what is no token."""
        try:
            return self._tokens.read(value)
        except ValueError as error:
            raise LoginRefused(Reason.LOGIN_NO_TOKEN, detail=str(error)) from error

    async def require_signed(self, token: ForeignToken, source: KeySource) -> None:
        """A key of the issuer has signed it. Raises ``LoginRefused``, and ``ProviderAway`` where no key is known and
        none can be fetched."""
        held = self._of(source)
        age = self._clock.now() - held.fetched
        if held.keys is None or not 0 <= age < FRESH:
            await self._fetch(source, held, AFTER_FAILURE)
        fits = held.keys.check(token) if held.keys is not None else None
        if fits is None and held.keys is not None:
            await self._fetch(source, held, AGAIN)
            fits = held.keys.check(token)
        if held.keys is None:
            raise ProviderAway(detail="the keys of the issuer cannot be fetched")
        if fits is not True:
            raise LoginRefused(Reason.LOGIN_SIGNATURE_WRONG)

    def _of(self, source: KeySource) -> _Held:
        held = self._held.get(source)
        if held is None:
            held = self._held[source] = _Held()
            if len(self._held) > KEPT:
                self._held.popitem(last=False)
        self._held.move_to_end(source)
        return held

    async def _fetch(self, source: KeySource, held: _Held, pause: float) -> None:
        """The keys are those of now, unless they were looked for within the pause, or cannot be fetched: then they stay
        as they are. Callers at the same moment share one fetch."""
        fetching = self._fetching.get(source)
        if fetching is None:
            if 0 <= self._clock.now() - held.tried < pause:
                return
            held.tried = self._clock.now()
            fetching = self._fetching[source] = asyncio.create_task(self._load(source, held))
            fetching.add_done_callback(lambda _: self._fetching.pop(source, None))
        await asyncio.shield(fetching)

    async def _load(self, source: KeySource, held: _Held) -> None:
        try:
            algorithms: tuple[str, ...] = ()
            jwks_uri = source.jwks_uri
            if jwks_uri is None:
                jwks_uri, algorithms = await self._discovered(source.issuer)
            held.keys = self._tokens.keys(await self._document(jwks_uri), algorithms)
            held.fetched = self._clock.now()
        except (ProviderAway, ValueError):
            # The last good ones go on to serve: a provider that is away must not sign everybody out.
            held.failed = True
        else:
            held.failed = False

    async def _discovered(self, issuer: str) -> tuple[str, tuple[str, ...]]:
        """Where the keys are, and the algorithms that the issuer declares (OpenID Connect Discovery 1.0 section 4.3:
        the document has to be of this issuer). Raises ``ValueError``, ``ProviderAway``."""
        document = await self._document(issuer.rstrip("/") + _CONFIGURATION)
        try:
            said = decode(document)
        except (MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError("no discovery document") from error
        if not isinstance(said, dict) or said.get("issuer") != issuer or not isinstance(said.get("jwks_uri"), str):
            raise ValueError("the discovery document is not of this issuer")
        declared = said.get("id_token_signing_alg_values_supported")
        algorithms = declared if isinstance(declared, list) else []
        return said["jwks_uri"], tuple(each for each in algorithms if isinstance(each, str))

    async def _document(self, url: str) -> bytes:
        answer = await called(self._http, url)
        if answer.status != 200 or len(answer.body) > LARGEST:
            raise ProviderAway(detail=f"status {answer.status}, {len(answer.body)} bytes")
        return answer.body

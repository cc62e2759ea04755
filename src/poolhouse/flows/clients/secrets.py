"""Secrets of app clients: made, sealed, opened, and proved to be known (security row 49)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Sequence

from poolhouse.errors import InvalidParameter, LimitExceeded, NotAuthorized
from poolhouse.errors.reasons import Reason
from poolhouse.ports.world import Chance, Secrets
from poolhouse.records.clients import Client, ClientSecret

PURPOSE = "client-secret"
SECRET_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"  # noqa: S105 - an alphabet
SECRET_LENGTH = 51
MOST_SECRETS = 2
MOST_OPENED = 1024
"""How many opened secrets one process holds in memory."""


class ClientSecrets:
    """Every use of a client secret in clear goes through here."""

    def __init__(self, secrets: Secrets, chance: Chance) -> None:
        self._vault = secrets
        self._chance = chance
        self._opened: OrderedDict[tuple[str, str], str] = OrderedDict()

    def invent(self) -> str:
        return self._chance.letters(SECRET_LENGTH, SECRET_LETTERS)

    def make(self, client_id: str, others: Sequence[ClientSecret], plain: str, now: float) -> ClientSecret:
        """A record of the secret, with an id that no other of the client has: the client's, and the second of
        making."""
        taken = {other.id for other in others}
        second = int(now)
        while f"{client_id}--{second}" in taken:
            second += 1
        return ClientSecret(
            id=f"{client_id}--{second}",
            sealed=self._vault.seal(PURPOSE, client_id, plain.encode()),
            created=now,
        )

    def require_room(self, client: Client, secret: str | None) -> None:
        """Raises ``LimitExceeded``; ``InvalidParameter`` for a client that has none, and for one that it has
        already."""
        if not client.secrets:
            raise InvalidParameter(Reason.CLIENT_WITHOUT_SECRET)
        if len(client.secrets) >= MOST_SECRETS:
            raise LimitExceeded(Reason.TOO_MANY_SECRETS, most=MOST_SECRETS)
        if secret is not None and any(_same(secret, other) for other in self.of(client)):
            raise InvalidParameter(Reason.SECRET_HELD_ALREADY)

    def of(self, client: Client) -> tuple[str, ...]:
        """The secrets in plain text, in the order of the record."""
        return tuple([self._open(client.id, secret.sealed) for secret in client.secrets])

    def check_hash(self, client: Client, given: str | None, names: Sequence[str]) -> None:
        """``given`` is base64(HMAC-SHA256(secret, name + client id)). Raises ``NotAuthorized``."""
        if not client.secrets:
            if given:
                raise NotAuthorized(Reason.SECRET_HASH_WRONG, client_id=client.id)
            return
        if not given:
            raise NotAuthorized(Reason.SECRET_HASH_MISSING, client_id=client.id)
        fits = False
        for secret in self.of(client):
            for name in names:
                fits |= _same(given, _hash(secret, name, client.id))
        if not fits:
            raise NotAuthorized(Reason.SECRET_HASH_WRONG, client_id=client.id)

    def hash_of(self, client: Client, name: str) -> str | None:
        """What ``check_hash`` wants, for what is done here on the client's behalf: its users are on our pages. None for
        a client that has no secret."""
        if not client.secrets:
            return None
        secret = self._open(client.id, client.secrets[0].sealed)
        return _hash(secret, name, client.id)

    def check(self, client: Client, given: str | None) -> None:
        """Raises ``NotAuthorized``."""
        if not client.secrets:
            if given:
                raise NotAuthorized(Reason.SECRET_WRONG, client_id=client.id)
            return
        if not given:
            raise NotAuthorized(Reason.SECRET_MISSING, client_id=client.id)
        fits = False
        for secret in self.of(client):
            fits |= _same(given, secret)
        if not fits:
            raise NotAuthorized(Reason.SECRET_WRONG, client_id=client.id)

    def _open(self, client_id: str, sealed: str) -> str:
        key = (client_id, sealed)
        plain = self._opened.get(key)
        if plain is None:
            plain = self._vault.open(PURPOSE, client_id, sealed).decode()
            self._opened[key] = plain
            if len(self._opened) > MOST_OPENED:
                self._opened.popitem(last=False)
        else:
            self._opened.move_to_end(key)
        return plain


def _hash(secret: str, name: str, client_id: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), _bytes(name + client_id), "sha256")).decode()


def _same(given: str, expected: str) -> bool:
    # Digests have one length whatever the caller sends, so that the time of the comparison tells nothing.
    return hmac.compare_digest(hashlib.sha256(_bytes(given)).digest(), hashlib.sha256(_bytes(expected)).digest())


def _bytes(text: str) -> bytes:
    # Half a surrogate pair is no text, but it must be a wrong answer, not a failure of ours.
    return text.encode("utf-8", "surrogatepass")

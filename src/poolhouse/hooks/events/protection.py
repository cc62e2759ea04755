"""What keeps guessers out."""

from __future__ import annotations

from dataclasses import dataclass

from poolhouse.hooks.events.base import RequestEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class OverLimit(RequestEvent):
    """Something is asked for more often than the limits allow. ``asked`` is ``sign_in``, ``answer``, ``sign_up``,
    ``code``, ``authorization``, ``token``, ``guest`` (a new guest of the identity pool ``pool_id``) or ``client_proof``
    (one that failed, of an id that may be nobody's); ``scope`` says whose limit it is: ``source`` (the address),
    ``client`` or ``pool``. ``client_id`` is empty where none is known."""

    asked: str
    scope: str
    pool_id: str
    client_id: str
    source: str

"""A request in its stages: as it came (``Raw``), and of a client that has proved who it is (``Known``). What is checked
after that is a value of the grant type. A later stage cannot be made without the earlier one, so the types keep the
order of the checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from poolhouse.errors import InvalidRequest
from poolhouse.errors.reasons import Reason
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool


@dataclass(frozen=True, slots=True)
class Basic:
    """What an ``Authorization`` header of the scheme Basic holds (RFC 6749 section 2.3.1), decoded."""

    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Raw:
    """As it came to an endpoint of this pool. ``parameters`` are those that have a value. ``basic`` is None without an
    ``Authorization`` header."""

    pool_id: str
    parameters: Mapping[str, str] = field(repr=False)
    basic: Basic | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """The client is of the pool, and has proved itself as it has to. ``secret`` is what it proved itself with; None for
    a public client."""

    pool: Pool
    client: Client
    parameters: Mapping[str, str] = field(repr=False)
    secret: str | None = field(default=None, repr=False)

    def need(self, name: str) -> str:
        """The parameter. Raises ``InvalidRequest``."""
        value = self.parameters.get(name)
        if value is None:
            raise InvalidRequest(Reason.OAUTH_PARAMETER_MISSING, name=name)
        return value

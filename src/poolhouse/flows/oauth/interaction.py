"""What an authorization request leads to: a closed set. An error is shown until client and redirect URI are settled,
and sent to the client after that (oidc.md E1, E2); pages are walked until nothing is missing; then the client gets its
answer."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct

from poolhouse.errors import PoolhouseError
from poolhouse.records.clients import Client
from poolhouse.records.oauth import AuthorizationRequest
from poolhouse.records.pools import Pool


class Step(Enum):
    """What the user has to do next."""

    SIGN_IN = "sign_in"
    SIGN_UP = "sign_up"
    CHOOSE_ACCOUNT = "choose_account"
    CONSENT = "consent"
    ADD_PASSKEY = "add_passkey"
    ADD_FACTOR = "add_factor"


class Browser(Struct, frozen=True):
    """What a browser holds: the value of the cookie that says which one it is (None: none yet), and the handles of the
    sessions in it, the present account first."""

    secret: str | None = None
    sessions: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Browser(...)"


class Pending(Struct, frozen=True):
    """A request that waits for its user. ``handle`` is what its pages carry."""

    request: AuthorizationRequest
    pool: Pool
    client: Client
    handle: str

    def __repr__(self) -> str:
        return f"Pending({self.request!r})"


class Show(Struct, frozen=True):
    """An error for the user's own eyes: nothing goes to the client."""

    error: PoolhouseError
    pool: Pool | None = None
    client: Client | None = None


class Send(Struct, frozen=True):
    """The browser takes these fields to the client: in the query, the fragment, or a form."""

    redirect_uri: str
    mode: str
    fields: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Send(mode={self.mode!r})"


class Interact(Struct, frozen=True):
    """The user has to do something first."""

    step: Step
    pending: Pending
    browser: str
    """The value of the browser's cookie, a new one where it had none."""

    def __repr__(self) -> str:
        return f"Interact({self.step!r})"


Outcome = Show | Send | Interact

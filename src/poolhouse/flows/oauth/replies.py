"""What a client hears: the fields of a response, and what of an error it is told (RFC 6749 section 4.1.2)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct

from poolhouse.errors import (
    Denied,
    LoginRequired,
    NotFound,
    OAuthError,
    PoolhouseError,
    StoreAway,
    TooManyRequests,
    TransactionEnded,
)
from poolhouse.flows.oauth.interaction import Outcome, Send
from poolhouse.flows.oauth.rules import rule

_logger = logging.getLogger("poolhouse.oauth")


class ReplyTo(Struct, frozen=True):
    """Where and how the answer travels, and who gives it."""

    redirect_uri: str
    mode: str
    state: str | None
    issuer: str

    @rule("A5", "A6")
    def sent(self, fields: Mapping[str, str]) -> Send:
        more = {"iss": self.issuer}
        if self.state is not None:
            more["state"] = self.state
        return Send(self.redirect_uri, self.mode, {**fields, **more})

    @rule("E3")
    def refusal(self, error: OAuthError) -> Send:
        return self.sent({"error": error.code, "error_description": str(error)})

    @rule("E2", "E4")
    async def whatever_comes(self, go: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """What comes of it; whatever goes wrong from here on, the client hears of it. Raises ``TransactionEnded``."""
        try:
            return await go()
        except TransactionEnded:
            raise
        except OAuthError as error:
            return self.refusal(error)
        except (Denied, NotFound) as error:
            # Of the user: signed out, disabled or deleted between one look and the next, or refused by a plugin.
            _logger.info("refused: %s", type(error).__name__)
            return self.refusal(LoginRequired())
        except (StoreAway, TooManyRequests):
            return self.sent({"error": "temporarily_unavailable"})
        except PoolhouseError as error:
            _logger.error("failed: %s (%s)", error, error.detail or "no detail")
            return self.sent({"error": "server_error"})
        except Exception as error:
            # The client is the one that can help the user on, so it hears of what nobody foresaw, too.
            _logger.error("the authorization endpoint raised %s", type(error).__name__, exc_info=error)
            return self.sent({"error": "server_error"})

    def __repr__(self) -> str:
        return f"ReplyTo(mode={self.mode!r})"

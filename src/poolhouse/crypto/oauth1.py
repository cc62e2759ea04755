"""Requests that are signed by OAuth 1.0a (RFC 5849), with HMAC-SHA1, as the providers want it that still speak it."""

from __future__ import annotations


class HmacOAuth1:
    def authorization(
        self, url: str, consumer: tuple[str, str], token: tuple[str, str], *, nonce: str, instant: int
    ) -> str:
        # Few servers ever ask such a provider.
        from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, Client

        client = Client(
            consumer[0],
            client_secret=consumer[1],
            resource_owner_key=token[0],
            resource_owner_secret=token[1],
            signature_method=SIGNATURE_HMAC_SHA1,
            nonce=nonce,
            timestamp=str(instant),
        )
        _, headers, _ = client.sign(url, http_method="GET")
        return str(headers["Authorization"])

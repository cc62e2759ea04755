from __future__ import annotations

import pytest

from poolhouse.errors import InvalidParameter
from poolhouse.flows.clients.redirects import check_redirect


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example",
        "https://app.example:8443/cb?x=1",
        "http://localhost",
        "http://localhost:3000/cb",
        "http://127.0.0.1:3000/cb",
        "http://[::1]:3000/cb",
        "myapp://callback",
        "com.example.app:/callback",
        "com.example.app:/call@back",
        "https://app.example/cb@home?to=a@b",
        "HTTPS://app.example/",
    ],
)
def test_an_address_that_only_the_client_can_receive_is_registered(uri: str) -> None:
    check_redirect(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/callback",
        "//app.example/cb",
        "app.example/cb",
        "https:",
        "https://",
        "https:///cb",
        "https://app.example/#part",
        "https://app.example/cb#",
        "http://app.example/cb",
        "http://localhost.example/cb",
        "http://127.0.0.2/cb",
        "http://localhost@evil.example/cb",
        "https://user:pass@app.example/",
        "https://app.example@evil.example/",
        "https://*.example/cb",
        "https://app.example:port/",
        "https://app.example:99999/",
        "https://[::1/",
        "https://app.example\\@evil.example",
        "https://app.example/\r\nSet-Cookie: x",
        "https://app.example/a b",
        "https://app.example/\x00",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://app.example/1",
        " https://app.example",
        "myapp://user@callback",
        "intent://scan/#Intent;end",
        "intent://scan/",
        "mailto:a@example.com",
        "1app://x",
    ],
)
def test_an_address_that_somebody_else_could_receive_is_refused(uri: str) -> None:
    with pytest.raises(InvalidParameter):
        check_redirect(uri)

"""Row 43: no answer repeats the origin that asked, and none allows credentials that a browser adds by itself."""

from __future__ import annotations

import pytest

from tests.security.served import served

ORIGINS = ["https://evil.example", "null", "http://localhost:3000", "https://auth.example.com.evil.example"]


@pytest.mark.parametrize("origin", ORIGINS)
async def test_no_origin_is_reflected_and_no_credentials_are_allowed(origin: str) -> None:
    async with served() as (house, api):
        pool = await house.pool()
        answers = []
        for method, path in (
            ("OPTIONS", ""),
            ("POST", ""),
            ("GET", f"{pool.id}/.well-known/openid-configuration"),
            ("GET", f"{pool.id}/.well-known/jwks.json"),
            ("GET", "healthz"),
            ("GET", "metrics"),
        ):
            headers = {"Origin": origin, "Access-Control-Request-Headers": "x-amz-target, cookie"}
            async with api.session.request(method, api.url + path, headers=headers) as answer:
                answers.append(answer.headers.copy())

    assert {"*", None} == {headers.get("Access-Control-Allow-Origin") for headers in answers}
    assert {None} == {headers.get("Access-Control-Allow-Credentials") for headers in answers}
    assert not any(origin in str(headers) for headers in answers)
    assert not any("cookie" in headers.get("Access-Control-Allow-Headers", "") for headers in answers)


async def test_what_is_for_the_operator_is_open_to_no_origin() -> None:
    async with served() as (_, api), api.session.get(f"{api.url}metrics", headers={"Origin": "https://a"}) as answer:
        assert None is answer.headers.get("Access-Control-Allow-Origin")

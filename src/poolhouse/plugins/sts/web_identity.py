"""A token service that takes web identities: what it is asked, and what it answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from html import unescape
from urllib.parse import urlencode

import msgspec

from poolhouse import Credentials, Http, HttpAnswer, HttpFailed, InvocationFailed, IssueCredentials, OutputUnusable

_HOOK = "IssueCredentials"
_SHORTEST = 900
_VERSION = "2011-06-15"
_POLICY_LENGTH = 2048
_FIELDS = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
_BUSY = frozenset({429, 500, 502, 503, 504})


class WebIdentityStore:
    """``role_of`` says how the service calls a role of ours. None: it is told no role."""

    def __init__(self, endpoint: str, http: Http, *, time_limit: float, role_of: Callable[[str], str | None]) -> None:
        self._endpoint = endpoint
        self._http = http
        self._time_limit = time_limit
        self._role_of = role_of

    async def ask(self, event: IssueCredentials, *, policy_arns: Sequence[str] = ()) -> Credentials:
        """What the service gives to whoever the event's token is of. It knows one session policy: of several that each
        have to allow, there is no one that says the same. Nor does it know credentials for less than 15 minutes.

        Raises ``InvocationFailed`` where it does not answer, ``OutputUnusable`` where it says no, or nothing that can
        be understood.
        """
        if event.seconds < _SHORTEST:
            raise OutputUnusable(_HOOK, detail=f"the service gives no credentials for {event.seconds} seconds")
        if not event.token:
            raise OutputUnusable(_HOOK, detail="there is no token to show: this server has no issuer of its own")
        form = {
            "Action": "AssumeRoleWithWebIdentity",
            "Version": _VERSION,
            "RoleSessionName": event.session_name,
            "WebIdentityToken": event.token,
            "DurationSeconds": str(event.seconds),
        }
        if (role := self._role_of(event.role_arn)) is not None:
            form["RoleArn"] = role
        if len(event.policies) > 1:
            raise OutputUnusable(_HOOK, detail="the service knows one session policy, and there are several")
        if event.policies:
            form["Policy"] = msgspec.json.encode(event.policies[0]).decode()
            if len(form["Policy"]) > _POLICY_LENGTH:
                raise OutputUnusable(_HOOK, detail=f"the session policy has more than {_POLICY_LENGTH} characters")
        for number, arn in enumerate(policy_arns, 1):
            form[f"PolicyArns.member.{number}.arn"] = arn
        return _read(await self._sent(form))

    async def _sent(self, form: dict[str, str]) -> HttpAnswer:
        try:
            answer = await self._http.request(
                "POST",
                self._endpoint,
                headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "Accept": "text/xml"},
                body=urlencode(form).encode(),
                time_limit=self._time_limit,
            )
        except HttpFailed as error:
            raise InvocationFailed(_HOOK, "the token service does not answer", detail=str(error)) from error
        if answer.status in _BUSY:
            raise InvocationFailed(_HOOK, "the token service is busy", detail=f"status {answer.status}")
        return answer


def _read(answer: HttpAnswer) -> Credentials:
    text = answer.text()
    if answer.status != 200:
        code = _element(text, "Code") or "no code"
        raise OutputUnusable(_HOOK, detail=f"status {answer.status}, {code[:100]}")
    found = {name: _element(_element(text, "Credentials") or "", name) for name in _FIELDS}
    if not all(found.values()):
        raise OutputUnusable(_HOOK, detail="the answer holds no credentials")
    try:
        expires = datetime.fromisoformat(str(found["Expiration"])).timestamp()
    except ValueError:
        raise OutputUnusable(_HOOK, detail="the answer says no end of the credentials") from None
    return Credentials(
        access_key_id=str(found["AccessKeyId"]),
        secret=str(found["SecretAccessKey"]),
        session_token=str(found["SessionToken"]),
        expires=expires,
    )


def _element(text: str, name: str) -> str | None:
    """What stands in the first element of this name. These answers are flat, and hold no markup but their own elements:
    it takes no reader of XML, with all that such a one could be made to do."""
    match = re.search(rf"<{name}>(.*?)</{name}>", text, re.DOTALL)
    return unescape(match[1]).strip() if match else None

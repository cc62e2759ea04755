"""The one endpoint: roles that are taken by a token, and who somebody is."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from aiohttp import web

from poolhouse.errors import Failed, NotOffered, PoolhouseError
from poolhouse.errors.reasons import Reason
from poolhouse.flows.identities.web_identity import Asked
from poolhouse.ports.origin import Origin, begin
from poolhouse.server.answers import Answer
from poolhouse.server.sts.answers import instant, refusal, result
from poolhouse.server.sts.errors import INTERNAL, status_and_code
from poolhouse.server.sts.forms import parameters, policy_arns, read, required, whole_number

if TYPE_CHECKING:
    from poolhouse.flows.access.signatures import Signatures
    from poolhouse.flows.identities.web_identity import WebIdentityRoles

VERSION: Final = "2011-06-15"
ASSUME: Final = "AssumeRoleWithWebIdentity"
WHO: Final = "GetCallerIdentity"
_ACTIONS: Final = frozenset({ASSUME, WHO})
_LONGEST_AGENT: Final = 512


class StsEndpoint:
    """``signatures`` are those of the service ``sts``. ``limit`` is the size of a body in bytes. ``hosts`` are those
    that a trusted proxy says the client called, and signed."""

    def __init__(
        self,
        roles: WebIdentityRoles,
        signatures: Signatures,
        *,
        limit: int,
        source: Callable[[web.Request], str],
        hosts: Callable[[web.Request], Sequence[str]],
        request_id: Callable[[web.Request], str],
        logger: logging.Logger,
    ) -> None:
        self._roles = roles
        self._signatures = signatures
        self._limit = limit
        self._source = source
        self._hosts = hosts
        self._request_id = request_id
        self._logger = logger

    async def handle(self, request: web.Request) -> Answer:
        """The answer. Nothing but cancellation is raised."""
        request_id, action = self._request_id(request), ""
        agent = request.headers.get("User-Agent", "")[:_LONGEST_AGENT]
        agent = "".join([character if character.isprintable() else "?" for character in agent])
        begin(Origin(self._source(request), request_id, None, agent))
        try:
            body = await read(request, self._limit)
            form = parameters(body)
            action = _action(form)
            if action == WHO:
                return result(WHO, await self._caller(request, body), request_id)
            return result(ASSUME, await self._assumed(form), request_id)
        except PoolhouseError as error:
            status, code = status_and_code(error)
            self._note(error, action, request_id)
            return refusal(action, code, str(error), status, request_id)
        except Exception as error:  # noqa: BLE001 - the boundary: logged once, told as nothing but a failure
            place = "".join(traceback.format_tb(error.__traceback__))
            self._logger.error(
                "%s raised %s\n%s", action or "-", type(error).__name__, place, extra={"request_id": request_id}
            )
            return refusal(action, INTERNAL[1], "Internal failure.", INTERNAL[0], request_id)

    async def _caller(self, request: web.Request, body: bytes) -> Mapping[str, str]:
        """Asked by whoever signed: nothing has to allow it."""
        signed = await self._signatures.verify(
            request.method, request.raw_path, request.headers, body, hosts=self._hosts(request)
        )
        caller = signed.caller
        return {"Arn": caller.arn, "UserId": caller.user_id, "Account": caller.arn.split(":")[4]}

    async def _assumed(self, form: Mapping[str, str]) -> Mapping[str, str | Mapping[str, str]]:
        assumed = await self._roles.assume(
            Asked(
                role_arn=required(form, "RoleArn"),
                session_name=required(form, "RoleSessionName"),
                # Files that tokens are kept in often end with the end of a line.
                token=required(form, "WebIdentityToken").strip(),
                seconds=whole_number(form, "DurationSeconds"),
                policy=form.get("Policy") or None,
                policy_arns=policy_arns(form),
            )
        )
        made = assumed.credentials
        return {
            "Credentials": {
                "AccessKeyId": made.access_key_id,
                "SecretAccessKey": made.secret,
                "SessionToken": made.session_token,
                "Expiration": instant(made.expires),
            },
            "SubjectFromWebIdentityToken": assumed.subject,
            "AssumedRoleUser": {"Arn": assumed.arn, "AssumedRoleId": assumed.user_id},
            "PackedPolicySize": str(assumed.packed),
            "Provider": assumed.provider,
            "Audience": assumed.audience,
        }

    def _note(self, error: PoolhouseError, action: str, request_id: str) -> None:
        if isinstance(error, Failed):
            self._logger.error(
                "%s failed: %s (%s)",
                action or "-",
                error,
                error.detail or "no detail",
                extra={"request_id": request_id},
            )
        elif error.detail:
            self._logger.info("%s refused: %s", action or "-", error.detail, extra={"request_id": request_id})


def _action(form: Mapping[str, str]) -> str:
    """Raises ``NotOffered``."""
    action = form.get("Action", "")
    if action not in _ACTIONS or form.get("Version", VERSION) != VERSION:
        raise NotOffered(Reason.ACTION_UNKNOWN)
    return action

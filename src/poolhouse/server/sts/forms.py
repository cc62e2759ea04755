"""What the query protocol sends: one form, with the name of the action in it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason

FORM: Final = "application/x-www-form-urlencoded"
MOST_FIELDS: Final = 200
_BODY_SECONDS: Final = 10.0
_MEMBER: Final = re.compile(r"PolicyArns\.member\.([1-9][0-9]?)\.arn")


async def read(request: web.Request, limit: int) -> bytes:
    """The whole body. Raises ``InvalidParameter`` for more than so many bytes, and where it does not come."""
    if "Content-Encoding" in request.headers or (request.content_length or 0) > limit:
        raise InvalidParameter(Reason.FORM_TOO_LARGE)
    content, parts, size = request.content, list[bytes](), 0
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            while not content.at_eof():
                parts.append(await content.readany())
                size += len(parts[-1])
                if size > limit:
                    raise InvalidParameter(Reason.FORM_TOO_LARGE)
    except (TimeoutError, web.RequestPayloadError, ConnectionError):
        raise InvalidParameter(Reason.FORM_NOT_READ) from None
    return b"".join(parts)


def parameters(body: bytes) -> Mapping[str, str]:
    """By name. Raises ``InvalidParameter``, also for a name that comes twice (security row 20)."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise InvalidParameter(Reason.FORM_NOT_READ) from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidParameter(Reason.FORM_NAME_TWICE)
    return found


def required(form: Mapping[str, str], name: str) -> str:
    """Raises ``InvalidParameter``."""
    value = form.get(name)
    if not value:
        raise InvalidParameter(Reason.FORM_NAME_MISSING, name=name)
    return value


def whole_number(form: Mapping[str, str], name: str) -> int | None:
    """None where it is not there. Raises ``InvalidParameter``."""
    value = form.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 6):
        raise InvalidParameter(Reason.FORM_NO_NUMBER, name=name)
    return int(value)


def policy_arns(form: Mapping[str, str]) -> tuple[str, ...]:
    """In the order of their numbers."""
    found = {int(match[1]): value for name, value in form.items() if (match := _MEMBER.fullmatch(name))}
    return tuple(found[number] for number in sorted(found))

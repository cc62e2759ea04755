"""Messages: which words, to whom, and what may be told about it. Sending is the outbox's."""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from string import ascii_letters, ascii_lowercase
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from poolhouse.errors import InvalidParameter, PluginAnswerInvalid
from poolhouse.errors.reasons import Reason
from poolhouse.flows.directory.naming import first_to_verify, name_to_type
from poolhouse.flows.directory.shown import attributes_for_hooks
from poolhouse.flows.flow import Flow, World
from poolhouse.hooks import specs
from poolhouse.hooks.events.messages import ComposeMessage, MessageSource
from poolhouse.ports.messages import Outbox
from poolhouse.records.messages import Delivery, Message
from poolhouse.records.names import canonical, looks_like_email, looks_like_phone, masked_email, masked_phone
from poolhouse.records.pools import MessageTemplate, Pool
from poolhouse.records.users import User

CODE = "{####}"
USERNAME = "{username}"
INVITED = "invitation"
"""The purpose of the one kind of message that names its receiver."""
NOTICE = "CustomMessage_AccountTakeOverNotification"
"""The occasion of what a user is only told. Functions that send know it by the field's word for that."""

VERIFICATION = MessageTemplate(
    sms="Your verification code is {####}. ",
    email="Your verification code is {####}. ",
    subject="Your verification code",
)
AUTHENTICATION = MessageTemplate(
    sms="Your authentication code is {####}. ",
    email="Your authentication code is {####}. ",
    subject="Your authentication code",
)
INVITATION = MessageTemplate(
    sms="Your username is {username} and temporary password is {####}. ",
    email="Your username is {username} and temporary password is {####}. ",
    subject="Your temporary password",
)

BY_LINK = MessageTemplate(
    email="Please click the link below to verify your email address. {##Verify Email##} ",
    subject="Your verification link",
)
_LINK = re.compile(r"\{##(.{0,200}?)##\}")

_SENDERS = {"email": "CustomEmailSender", "sms": "CustomSMSSender"}
_CHANNELS = {"email": ("email", "EMAIL"), "phone_number": ("sms", "SMS")}


def delivery(attribute: str, target: str) -> Delivery:
    """What may be told about a message to this contact. However its name was typed, or is kept, it is told in one form:
    else who types another one would see which it was (security row 48)."""
    plain = canonical(attribute, target, case_sensitive=False)
    masked = masked_phone(plain) if attribute == "phone_number" else masked_email(plain)
    return Delivery(destination=masked, medium=_CHANNELS[attribute][1], attribute=attribute)


def likely_contact(pool: Pool, submitted: str, digest: bytes, order: Sequence[str]) -> tuple[str, str]:
    """The contact that somebody of this name might have: attribute and value, the same for the same name every time.

    ``order`` are the attributes that a code can go to here, the first choice first. Where users of the pool are asked
    at different ones, for all that can be known of them from outside, of unknown names half are asked at each, by the
    name's ``digest``.
    """
    named = "phone_number" if looks_like_phone(submitted) else "email" if looks_like_email(submitted) else None
    asked = _likely_attributes(pool, named, order or ("email",))
    attribute = asked[0] if len(asked) == 1 or digest[2] & 1 else asked[1]
    if attribute == named:
        return attribute, submitted
    if attribute == "phone_number":
        return attribute, f"+{int.from_bytes(digest[:8], 'big') % 10**11:011d}"
    # Nobody's address begins with the plus sign of a telephone number.
    first = submitted[0].lower() if submitted and submitted[0] in ascii_letters else ""
    # Of no two names the same: it has a count of its own, as a real one has.
    local = (first or ascii_lowercase[digest[0] % 26]) + digest.hex()
    return attribute, f"{local}@{ascii_lowercase[digest[1] % 26]}.example"


def _likely_attributes(pool: Pool, named: str | None, order: Sequence[str]) -> tuple[str, ...]:
    """Where users of the pool are asked who are called by a contact of this kind (None: by none), in the order given:
    one, or both.

    A user has the contact of the name, and what the pool requires, perhaps with others that it has a use for. Proven
    are the contact of the name and the one that a sign-up proves."""
    surely = {kind for kind in _CHANNELS if kind == named or _is_required(pool, kind)}
    perhaps = {*pool.auto_verified, *pool.alias_attributes, *pool.username_attributes} & _CHANNELS.keys()
    if not surely and not perhaps:
        perhaps = set(order)
    asked = set()
    for other in ((), ("email",), ("phone_number",), ("email", "phone_number")):
        has = surely.union(other)
        if not has <= surely | perhaps:
            continue
        proven = {kind for kind in has if kind == named or kind == first_to_verify(pool, has)}
        asked.update([kind for kind in order if kind in proven][:1] or [kind for kind in order if kind in has][:1])
    return tuple(kind for kind in order if kind in asked) or tuple(order[:1])


def _is_required(pool: Pool, attribute: str) -> bool:
    return any(entry.required and entry.name == attribute for entry in pool.schema)


class Messenger(Flow):
    """``root_of`` tells where the pages of a pool begin, by its id: what links are made of."""

    def __init__(self, world: World, outbox: Outbox, root_of: Callable[[str], Awaitable[str]]) -> None:
        super().__init__(world)
        self._outbox = outbox
        self._root_of = root_of

    async def send(
        self,
        pool: Pool,
        user: User,
        *,
        source: MessageSource,
        attribute: str,
        target: str,
        secret: str,
        message_id: str,
        client_id: str | None,
        metadata: Mapping[str, str],
        template: MessageTemplate = VERIFICATION,
        purpose: str,
        submitted: str = "",
        life: float | None = None,
    ) -> Delivery:
        """The message waits in the outbox, and this is what may be told about it.

        ``secret`` is the code or the temporary password, ``source`` as in ``CustomMessage_SignUp``. ``message_id``
        makes the same cause one message. ``submitted`` is the name that somebody used for the user. ``life`` is for
        how many seconds a code is good. Raises what the hook ``compose_message`` raises.
        """
        channel, body, subject = _words(template, attribute)
        link = None
        if template.by_link and channel == "email" and client_id is not None:
            body, subject = template.link_email or BY_LINK.email or "", template.link_subject or BY_LINK.subject or ""
            link = confirmation_link(await self._root_of(pool.id), client_id, user.username, secret)
        if self.world.hooks.implements(specs.compose_message, pool):
            event = ComposeMessage(
                source=source,
                pool_id=pool.id,
                client_id=client_id,
                username=user.username,
                attributes=attributes_for_hooks(user),
                channel=channel,
                body=body,
                subject=subject,
                client_metadata=metadata,
            )
            amended = await self.world.hooks.amend(specs.compose_message, event)
            has_lost = CODE not in amended.body and not (link and _LINK.search(amended.body))
            if has_lost and (CODE in body or link):
                raise PluginAnswerInvalid("CustomMessage", "compose_message", detail="the code parameter is missing")
            body, subject = amended.body, amended.subject
        # The name counts in invitations only, as the field has it: elsewhere it is a stranger's text.
        shown_name = name_to_type(pool, user, submitted) if purpose == INVITED else None
        filled = _filled(subject, body, secret, shown_name)
        if link is not None:
            filled = _linked(filled, link)
        await self._outbox.put(
            Message(
                id=message_id,
                channel=channel,
                to=target,
                purpose=purpose,
                subject=filled.subject,
                body=filled.body,
                html=filled.html,
                code=secret,
                link=link,
                pool_id=pool.id,
                username=user.username,
                source=source,
                **_for_function(pool, user, channel, client_id, metadata),
            ),
            life=life,
        )
        return delivery(attribute, target)

    async def notify(self, pool: Pool, user: User, words: MessageTemplate, *, message_id: str, purpose: str) -> None:
        """The user is told of something that was done to the account, at a contact that is surely theirs: the address,
        or else the telephone. Who has verified neither is not told. There is no code in it, and no plugin writes it:
        whoever did that could keep it from the user."""
        attribute = next((each for each in _CHANNELS if user.has_verified(each)), None)
        if attribute is None:
            return
        channel, body, subject = _words(words, attribute)
        await self._outbox.put(
            Message(
                id=message_id,
                channel=channel,
                to=user.attributes[attribute],
                purpose=purpose,
                subject=subject,
                body=body,
                pool_id=pool.id,
                username=user.username,
                source=NOTICE,
                **_for_function(pool, user, channel, None, {}),
            )
        )

    async def knows(self, message_id: str) -> bool:
        """Whether the message waits, or was sent not long ago."""
        return await self._outbox.knows(message_id)

    async def pretend(
        self, pool: Pool, *, attribute: str, target: str, message_id: str, template: MessageTemplate, life: float
    ) -> None:
        """As much was made and stored as by ``send``, and nothing will go out. Plugins are not asked for words."""
        channel, body, subject = _words(template, attribute)
        filled = _filled(subject, body, "000000", None)
        await self._outbox.pretend(
            Message(
                id=message_id,
                channel=channel,
                to=target,
                purpose="",
                subject=filled.subject,
                body=filled.body,
                html=filled.html,
                code="000000",
                pool_id=pool.id,
                username=target,
            ),
            life=life,
        )


def _for_function(
    pool: Pool, user: User, channel: str, client_id: str | None, metadata: Mapping[str, str]
) -> dict[str, Any]:
    """What a message holds beside itself where a function of the pool sends it."""
    for trigger in pool.triggers:
        if trigger.name == _SENDERS[channel]:
            return {
                "function": trigger.function,
                "client_id": client_id,
                "attributes": attributes_for_hooks(user),
                "client_metadata": dict(metadata),
            }
    return {}


def _words(template: MessageTemplate, attribute: str) -> tuple[str, str, str]:
    """Channel, body and subject, with their placeholders."""
    channel, _ = _CHANNELS[attribute]
    if channel == "email":
        return channel, template.email or VERIFICATION.email or "", template.subject or VERIFICATION.subject or ""
    return channel, template.sms or VERIFICATION.sms or "", ""


def require_contact(user: User, attribute: str) -> str:
    """Raises ``InvalidParameter``."""
    value = user.attributes.get(attribute)
    if not value:
        raise InvalidParameter(Reason.NO_CONTACT_TO_DELIVER, contact=attribute.replace("_", " "))
    return value


class _Filled(Struct, frozen=True):
    subject: str
    body: str
    html: str | None


def _filled(subject: str, body: str, secret: str, username: str | None) -> _Filled:
    """The words with what is put in. Without a name, its place stays as it is."""
    plain = _fill(body, secret, username)
    escaped = _fill(body, html.escape(secret), None if username is None else html.escape(username))
    return _Filled(_fill(subject, secret, username), plain, None if escaped == plain else escaped)


def confirmation_link(root: str, client_id: str, username: str, code: str) -> str:
    """The page that confirms a sign-up, by the field's names."""
    asked = urlencode({"client_id": client_id, "user_name": username, "confirmation_code": code})
    return f"{root}/confirmUser?{asked}"


def _linked(filled: _Filled, link: str) -> _Filled:
    """The words with the link in its place: behind its own words where they are plain, under them in HTML."""
    plain = _LINK.sub(lambda found: f"{found[1]}: {link}" if found[1] else link, filled.body)
    address = html.escape(link)
    rich = _LINK.sub(lambda found: f'<a href="{address}">{found[1] or address}</a>', filled.html or filled.body)
    return _Filled(filled.subject, plain, rich)


def _fill(text: str, secret: str, username: str | None) -> str:
    # The secret goes in last: a name that reads like a placeholder stays a name.
    before, code, after = text.partition(CODE)
    if username is not None:
        before, after = before.replace(USERNAME, username), after.replace(USERNAME, username)
    return before + (secret if code else "") + after.replace(CODE, secret)

"""Responses of SAML 2.0 identity providers that nobody asked for, and their metadata (federation, sections 4.1, 4.3 and
4.4). Everything that is not right is refused; why, only the log is told."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from poolhouse.crypto.saml_xml import (
    ASSERTION,
    METADATA,
    PROTOCOL,
    BadXml,
    only,
    parsed,
    require_unique_ids,
    signed_parts,
    signing_certificates,
    text_of,
)
from poolhouse.errors import InvalidParameter, LoginRefused, NotOffered
from poolhouse.errors.reasons import Reason
from poolhouse.ports.arithmetic import Workers
from poolhouse.ports.identities import SamlStatement, SamlTerms

LONGEST: Final = 100_000
"""Characters of a response."""
LARGEST_METADATA: Final = 1024 * 1024
SKEW: Final = 60
"""Seconds by which the provider's clock may differ."""
OLDEST: Final = 360
"""Seconds since a response was made that nobody asked for."""
_LONGEST_SUBJECT: Final = 1024
_MOST_VALUES: Final = 1000
_METADATA_KEPT: Final = 32
"""Read metadata: it is the same for many logins."""

_SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
_BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_ENTITY: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
_TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
_UNSPECIFIED: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_INSTANT: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?Z")
_CHILDREN: Final = ("Issuer", "Signature", "Status", "Assertion")
"""Of a response, in their order. Extensions are refused: nobody needs them, and something may stand in them."""


class XmlSamlResponses:
    """Implements the port. ``workers`` do what takes long."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    async def read(self, response: str, terms: SamlTerms) -> SamlStatement:
        _require_installed()
        try:
            return await self._workers.run(read_response, response, terms)
        except BadXml as bad:
            raise LoginRefused(Reason.LOGIN_SAML_INVALID, detail=str(bad)) from bad

    async def entity_of(self, metadata: str) -> str:
        _require_installed()
        try:
            return (await self._workers.run(_provider, metadata))[0]
        except BadXml as bad:
            raise InvalidParameter(Reason.PROVIDER_METADATA_INVALID, detail=str(bad)) from bad


def read_response(response: str, terms: SamlTerms) -> SamlStatement:
    """Raises ``BadXml``, and ``LoginRefused`` for one that is over."""
    entity, certificates = _provider(terms.metadata)
    outer = parsed(_decoded(response))
    _require_response(outer, entity, terms)
    parts = signed_parts(outer, certificates)
    # From here on only what is signed is read. What was read before could refuse, and no more.
    response_id, assertion_id = outer.get("ID"), only(outer, f"{{{ASSERTION}}}Assertion").get("ID")
    if response_id in parts:
        signed = parts[response_id]
        if signed.get("Destination") is None:
            raise BadXml("a signed response without a destination")
        _require_response(signed, entity, terms)
        assertion = only(signed, f"{{{ASSERTION}}}Assertion")
        if assertion.get("ID") != assertion_id:
            raise BadXml("another assertion")
    elif assertion_id in parts:
        assertion = parts[assertion_id]
    else:
        raise BadXml("nothing that matters is signed")
    return _statement(assertion, entity, terms)


def _require_response(root: Any, entity: str, terms: SamlTerms) -> None:
    """Raises ``BadXml``."""
    if root.tag != f"{{{PROTOCOL}}}Response" or root.get("Version") != "2.0":
        raise BadXml("no response of SAML 2.0")
    places = [_CHILDREN.index(name) if (name := _name(child)) in _CHILDREN else -1 for child in root]
    if -1 in places or places != sorted(set(places)):
        raise BadXml("other parts, or in another order")
    require_unique_ids(root)
    if len([node for node in root.iter() if _name(node) in ("Assertion", "EncryptedAssertion")]) != 1:
        raise BadXml("not one assertion")
    only(root, f"{{{ASSERTION}}}Assertion")
    issuer = root.find(f"{{{ASSERTION}}}Issuer")
    if issuer is not None and text_of(issuer) != entity:
        raise BadXml("the response is of another provider")
    destination = root.get("Destination")
    if destination is not None and destination not in terms.recipients:
        raise BadXml("the response is for another address")
    if root.get("InResponseTo") is not None:
        raise BadXml("an answer to somebody's request")
    _require_made_now(root, terms.now)
    status = only(only(root, f"{{{PROTOCOL}}}Status"), f"{{{PROTOCOL}}}StatusCode")
    if status.get("Value") != _SUCCESS:
        raise BadXml("the provider says no")


def _statement(assertion: Any, entity: str, terms: SamlTerms) -> SamlStatement:
    """Raises ``BadXml``, and ``LoginRefused`` for one that is over."""
    issuer = only(assertion, f"{{{ASSERTION}}}Issuer")
    if assertion.get("Version") != "2.0" or text_of(issuer) != entity or issuer.get("Format", _ENTITY) != _ENTITY:
        raise BadXml("an assertion of another provider")
    _require_made_now(assertion, terms.now)
    subject = only(assertion, f"{{{ASSERTION}}}Subject")
    if any(_name(child) not in ("NameID", "SubjectConfirmation") for child in subject):
        raise BadXml("a subject of another kind")
    name = only(subject, f"{{{ASSERTION}}}NameID")
    said, form = text_of(name), name.get("Format", _UNSPECIFIED)
    qualifiers = (name.get("NameQualifier", ""), name.get("SPNameQualifier", ""))
    if not _is_name(said) or not all(_is_name(each or "-") for each in (form, *qualifiers)):
        raise BadXml("no usable name")
    if form == _TRANSIENT:
        raise BadXml("a name for once")
    audience = _audience(only(assertion, f"{{{ASSERTION}}}Conditions"), terms)
    if not any(_confirms(each, terms) for each in subject.findall(f"{{{ASSERTION}}}SubjectConfirmation")):
        raise BadXml("no confirmation for here and now")
    _require_signed_in(assertion.findall(f"{{{ASSERTION}}}AuthnStatement"), terms.now)
    return SamlStatement(
        issuer=entity,
        audience=audience,
        subject=said,
        name_format=form,
        qualifiers=qualifiers,
        attributes=_attributes(assertion.findall(f"{{{ASSERTION}}}AttributeStatement")),
    )


def _audience(conditions: Any, terms: SamlTerms) -> str:
    """Which of ours it is for. Raises as above."""
    _require_within(conditions, terms.now)
    audience = None
    for condition in conditions:
        if _name(condition) == "ProxyRestriction":
            continue
        if _name(condition) != "AudienceRestriction":
            # OneTimeUse, too: an app brings a response twice, for its identity and for the credentials of it.
            raise BadXml("a condition that cannot be kept")
        named = [text_of(each) for each in condition.findall(f"{{{ASSERTION}}}Audience")]
        audience = next((each for each in terms.audiences if each in named), None)
        if audience is None:
            raise BadXml("an assertion for somebody else")
    if audience is None:
        raise BadXml("an assertion for anybody")
    return audience


def _confirms(confirmation: Any, terms: SamlTerms) -> bool:
    """Whether who brings the assertion here may do so now."""
    data = confirmation.find(f"{{{ASSERTION}}}SubjectConfirmationData")
    if confirmation.get("Method") != _BEARER or data is None:
        return False
    until = data.get("NotOnOrAfter")
    return (
        data.get("Recipient") in terms.recipients
        and until is not None
        and terms.now < _instant(until) + SKEW
        and data.get("NotBefore") is None
        and data.get("InResponseTo") is None
    )


def _require_signed_in(statements: list[Any], now: float) -> None:
    """Raises as above."""
    if not statements:
        raise BadXml("nobody has signed in")
    for statement in statements:
        if not _instant(statement.get("AuthnInstant", "")) <= now + SKEW:
            raise BadXml("a sign-in to come")
        until = statement.get("SessionNotOnOrAfter")
        if until is not None:
            _require_before(_instant(until), now, 0)


def _attributes(statements: Iterable[Any]) -> dict[str, tuple[str, ...]]:
    """Values by the exact name. Raises ``BadXml``."""
    found: dict[str, tuple[str, ...]] = {}
    count = 0
    for statement in statements:
        for attribute in statement:
            name = attribute.get("Name")
            if _name(attribute) != "Attribute" or not name:
                raise BadXml("attributes of another kind")
            values = [each for each in attribute if each.get(_NIL) not in ("true", "1")]
            if any(_name(each) != "AttributeValue" for each in values):
                raise BadXml("values of another kind")
            count += len(values)
            if count > _MOST_VALUES:
                raise BadXml("too many values")
            found[name] = found.get(name, ()) + tuple(text_of(each) for each in values)
    return found


# --- metadata --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=_METADATA_KEPT)
def _provider(metadata: str) -> tuple[str, tuple[Any, ...]]:
    """What the provider calls itself, and the certificates of the keys that it signs with. Raises ``BadXml``."""
    try:
        raw = metadata.encode()
    except UnicodeEncodeError as error:
        raise BadXml("not UTF-8") from error
    if len(raw) > LARGEST_METADATA:
        raise BadXml("the metadata is too large")
    root = parsed(raw.removeprefix(b"\xef\xbb\xbf").strip(), keeps_remarks=False)
    entity = root.get("entityID", "")
    roles = [
        role
        for role in root.findall(f"{{{METADATA}}}IDPSSODescriptor")
        if PROTOCOL in role.get("protocolSupportEnumeration", "").split()
    ]
    if root.tag != f"{{{METADATA}}}EntityDescriptor" or not _is_name(entity) or len(roles) != 1:
        raise BadXml("not the metadata of one provider")
    certificates = tuple(signing_certificates(roles[0]))
    if not certificates:
        raise BadXml("no key")
    return entity, certificates


# --- texts -----------------------------------------------------------------------------------------------------------


def _decoded(response: str) -> bytes:
    if len(response) > LONGEST or not response.isascii():
        raise BadXml("too long, or no base64")
    try:
        return b64decode("".join(response.split()), validate=True)
    except ValueError as error:
        raise BadXml("no base64") from error


def _name(node: Any) -> str:
    return str(node.tag).rpartition("}")[2]


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_SUBJECT and text.isprintable() and bool(text.strip())


def _instant(text: str) -> float:
    """Epoch seconds. SAML has all instants in UTC. Raises ``BadXml``."""
    found = _INSTANT.fullmatch(text)
    if found is None or not text.isascii():
        raise BadXml("no instant")
    try:
        whole = datetime.strptime(found[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise BadXml("no instant") from error
    return whole + float(found[2] or 0)


def _require_made_now(node: Any, now: float) -> None:
    made = _instant(node.get("IssueInstant", ""))
    if not made <= now + SKEW:
        raise BadXml("made in the future")
    _require_before(made + OLDEST, now)


def _require_within(node: Any, now: float) -> None:
    begins, ends = node.get("NotBefore"), node.get("NotOnOrAfter")
    if begins is not None and not _instant(begins) <= now + SKEW:
        raise BadXml("not valid yet")
    if ends is not None:
        _require_before(_instant(ends), now)


def _require_before(until: float, now: float, skew: int = SKEW) -> None:
    if not now < until + skew:
        raise LoginRefused(Reason.LOGIN_EXPIRED, now=int(now), exp=int(until))


def _require_installed() -> None:
    """Raises ``NotOffered``."""
    try:
        import signxml  # noqa: F401 - looked for, and loaded once
    except ImportError:
        raise NotOffered(Reason.SAML_NOT_INSTALLED) from None

"""XML that strangers sent, and the signatures in it (XML Signature 1.1), for SAML 2.0: what is signed is found first,
and from there on nothing else is read (federation, section 4.4, rules 3 to 13).

There is one parser, and it is used once: no entities, no DTD, no network. The library that checks signatures skips what
it does not know, so the form of a signature is checked here before it sees one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
METADATA: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
SIGNATURE: Final = "http://www.w3.org/2000/09/xmldsig#"
_EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"

MOST_ELEMENTS: Final = 10_000
MIN_RSA_BITS: Final = 2048
_ENVELOPED: Final = f"{SIGNATURE}enveloped-signature"
_CANONICAL: Final = frozenset({_EXCLUSIVE, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"})
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_METHODS: Final = frozenset(
    f"{_MORE}{kind}-{hashed}" for kind in ("rsa", "ecdsa") for hashed in ("sha256", "sha384", "sha512")
)
_DIGESTS: Final = frozenset(
    {"http://www.w3.org/2001/04/xmlenc#sha256", f"{_MORE}sha384", "http://www.w3.org/2001/04/xmlenc#sha512"}
)
_IDS: Final = ("ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id")


class BadXml(ValueError):  # noqa: N818 - read as a statement
    """It is not what it has to be. The message is for the log, and shows nothing of it."""


def parsed(raw: bytes, *, keeps_remarks: bool = True) -> Any:
    """The root. Comments and processing instructions are refused, or left out where they may be there (metadata): a
    reader of texts would stop at them. Raises ``BadXml``."""
    from lxml import etree

    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadXml("not UTF-8") from error
    if b"\0" in raw or b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        raise BadXml("a document type, or a character that is none")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=not keeps_remarks,
        remove_pis=not keeps_remarks,
    )
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadXml("no XML") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadXml("a document type")
    if root.getprevious() is not None or root.getnext() is not None:
        raise BadXml("something beside the root")
    for count, node in enumerate(root.iter()):
        if not isinstance(node.tag, str):
            raise BadXml("a comment, a processing instruction or an entity")
        if count >= MOST_ELEMENTS:
            raise BadXml("too many elements")
        if any(":" not in uri for uri in node.nsmap.values()):
            raise BadXml("a namespace that is relative")
    return root


def require_unique_ids(root: Any) -> None:
    """Raises ``BadXml``."""
    seen = set()
    for node in root.iter():
        for name in _IDS:
            value = node.get(name)
            if value is None:
                continue
            if value in seen:
                raise BadXml("an id that stands there twice")
            seen.add(value)


def text_of(node: Any) -> str:
    """The whole text of an element that has nothing else in it. Raises ``BadXml``."""
    if len(node):
        raise BadXml("elements where a text has to be")
    return "".join(node.itertext())


def only(node: Any, tag: str) -> Any:
    """The one child of this name. Raises ``BadXml``."""
    found = node.findall(tag)
    if len(found) != 1:
        raise BadXml(f"{len(found)} of {tag.rpartition('}')[2]}")
    return found[0]


def signed_parts(root: Any, certificates: Sequence[Certificate]) -> dict[str, Any]:
    """What is signed, by its id, parsed anew from the very bytes that the signature is over. Every signature in the
    document has to be right, and to be one that SAML knows: the child of what it signs. Raises ``BadXml``."""
    signatures = list(root.iter(f"{{{SIGNATURE}}}Signature"))
    if not 1 <= len(signatures) <= 2:
        raise BadXml(f"{len(signatures)} signatures")
    found: dict[str, Any] = {}
    for signature in signatures:
        owner = signature.getparent()
        if owner is root:
            location = "./"
        elif owner is not None and owner.getparent() is root and owner.tag == f"{{{ASSERTION}}}Assertion":
            location = f"./{owner.tag}/"
        else:
            raise BadXml("a signature at a strange place")
        name = _require_form(signature, owner)
        if name in found:
            raise BadXml("signed twice")
        found[name] = _verified(root, location, owner.tag, name, certificates)
    return found


def _require_form(signature: Any, owner: Any) -> str:
    """The id of what the signature is over: its parent, the whole of it, and nothing else. Raises ``BadXml``."""
    before = signature.getprevious()
    if before is not None and before.tag != f"{{{ASSERTION}}}Issuer":
        raise BadXml("a signature that does not follow the issuer")
    children = [child.tag.rpartition("}")[2] for child in signature]
    if children not in (["SignedInfo", "SignatureValue"], ["SignedInfo", "SignatureValue", "KeyInfo"]):
        raise BadXml("a signature with other parts")
    info = signature[0]
    if [child.tag for child in info] != [
        f"{{{SIGNATURE}}}{name}" for name in ("CanonicalizationMethod", "SignatureMethod", "Reference")
    ]:
        raise BadXml("a signature of other parts, or of several things")
    canonical, method, reference = info
    if canonical.get("Algorithm") not in _CANONICAL or method.get("Algorithm") not in _METHODS or len(method):
        raise BadXml("an algorithm that is not taken")
    name = owner.get("ID")
    if not name or reference.get("URI") != f"#{name}" or reference.get("Type") is not None:
        raise BadXml("a signature over something else")
    if [child.tag for child in reference] != [
        f"{{{SIGNATURE}}}{part}" for part in ("Transforms", "DigestMethod", "DigestValue")
    ]:
        raise BadXml("a reference of other parts")
    transforms, digest, _ = reference
    algorithms = [transform.get("Algorithm") for transform in transforms]
    if len(algorithms) != 2 or algorithms[0] != _ENVELOPED or algorithms[1] not in _CANONICAL or len(transforms[0]):
        raise BadXml("other transforms")
    for transform in (canonical, transforms[1]):
        if [child.tag for child in transform] not in ([], [f"{{{_EXCLUSIVE}}}InclusiveNamespaces"]):
            raise BadXml("a transform with more in it")
    if digest.get("Algorithm") not in _DIGESTS or len(digest):
        raise BadXml("a digest that is not taken")
    return str(name)


def _verified(root: Any, location: str, tag: str, name: str, certificates: Sequence[Certificate]) -> Any:
    """The signed element. Raises ``BadXml``."""
    for certificate in certificates:
        element = _checked(root, location, certificate)
        if element is None:
            continue
        if element.tag != tag or element.get("ID") != name:
            raise BadXml("something else is signed")
        return element
    raise BadXml("no key of the provider has signed it")


def _checked(root: Any, location: str, certificate: Certificate) -> Any:
    """The element that the key has signed; None where it has not."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from lxml import etree
    from signxml.algorithms import DigestAlgorithm, SignatureMethod
    from signxml.exceptions import SignXMLException
    from signxml.verifier import SignatureConfiguration, XMLVerifier

    config = SignatureConfiguration(
        location=location,
        signature_methods=frozenset(SignatureMethod(each) for each in _METHODS),
        digest_algorithms=frozenset(DigestAlgorithm(each) for each in _DIGESTS),
        # Which key is meant, the metadata says, and nothing in the message.
        ignore_ambiguous_key_info=True,
        # A key is trusted because the metadata has it: how long its certificate lasts is no matter.
        verification_time=certificate.not_valid_before_utc + timedelta(seconds=1),
    )
    copy = etree.fromstring(etree.tostring(root), etree.XMLParser(resolve_entities=False, no_network=True))
    # Of this signature alone: one inside may be a part of what is signed.
    for told in copy.findall(f"{location}{{{SIGNATURE}}}Signature/{{{SIGNATURE}}}KeyInfo"):
        told.getparent().remove(told)
    try:
        result = XMLVerifier().verify(copy, x509_cert=certificate, expect_config=config)
    except (SignXMLException, InvalidSignature, UnsupportedAlgorithm, etree.LxmlError, ValueError, TypeError):
        return None
    return None if isinstance(result, list) or not result.signed_data else result.signed_xml


def signing_certificates(descriptor: Any) -> Iterator[Certificate]:
    """Of a role in metadata: those that are for signing, or for anything. Raises ``BadXml`` for one that cannot be read
    or whose key is none to check with."""
    from base64 import b64decode

    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import load_der_x509_certificate

    for holder in descriptor.findall(f"{{{METADATA}}}KeyDescriptor"):
        if holder.get("use", "signing") != "signing":
            continue
        for node in holder.iter(f"{{{SIGNATURE}}}X509Certificate"):
            try:
                certificate = load_der_x509_certificate(b64decode("".join(text_of(node).split()), validate=True))
                key = certificate.public_key()
            except (ValueError, UnsupportedAlgorithm) as error:
                raise BadXml("a certificate that cannot be read") from error
            if not isinstance(key, RSAPublicKey | EllipticCurvePublicKey) or (
                isinstance(key, RSAPublicKey) and key.key_size < MIN_RSA_BITS
            ):
                raise BadXml("a key that is not taken")
            yield certificate

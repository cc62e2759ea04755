"""A SAML 2.0 identity provider for tests: its metadata, and the responses that it signs. It needs
``poolhouse[saml]``."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.x509 import CertificateBuilder, Name, NameAttribute, random_serial_number
from cryptography.x509.oid import NameOID

from poolhouse.hooks.context import Clock
from poolhouse.testing.keys import premade_key

PERSISTENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
_DSIG: Final = "http://www.w3.org/2000/09/xmldsig#"


class FakeSamlProvider:
    """``entity`` is what it calls itself. ``number`` tells its key from those of others (0 to 3)."""

    def __init__(self, entity: str, clock: Clock, number: int = 0) -> None:
        self.entity = entity
        self._clock = clock
        key: Any = load_der_private_key(premade_key(number), None)
        self._key, public = key, key.public_key()
        self._count = 0
        name = Name([NameAttribute(NameOID.COMMON_NAME, "idp")])
        now = datetime.fromtimestamp(clock.now(), UTC)
        self.certificate = (
            CertificateBuilder(name, name, public, random_serial_number())
            .not_valid_before(now - timedelta(days=800))
            # Over long ago: a key is trusted because the metadata has it.
            .not_valid_after(now - timedelta(days=400))
            .sign(key, SHA256())
        )

    @property
    def metadata(self) -> str:
        return (
            f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID={quoteattr(self.entity)}>'
            '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
            f'<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{_DSIG}"><ds:X509Data><ds:X509Certificate>'
            f"{b64encode(self.certificate.public_bytes(Encoding.DER)).decode()}"
            "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
            'Location="https://idp.example/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>'
        )

    def xml(
        self,
        subject: str,
        *,
        audience: str,
        recipient: str,
        attributes: Mapping[str, Sequence[str]] | None = None,
        name_format: str = PERSISTENT,
        status: str = SUCCESS,
        issuer: str | None = None,
        seconds: float = 300,
        age: float = 0,
        more: str = "",
        answers: str = "",
    ) -> str:
        """A response as XML, unsigned. ``age``: so many seconds ago it was made; ``answers``: the request that it is an
        answer to; ``more`` stands in its conditions."""
        self._count += 1
        now = self._clock.now() - age
        made, until = _instant(now), _instant(now + seconds)
        answering = f" InResponseTo={quoteattr(answers)}" if answers else ""
        said = "".join(
            f"<saml:Attribute Name={quoteattr(name)}>"
            + "".join(f"<saml:AttributeValue>{escape(value)}</saml:AttributeValue>" for value in values)
            + "</saml:Attribute>"
            for name, values in (attributes or {}).items()
        )
        entity = escape(issuer or self.entity)
        return (
            '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
            'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" '
            f'ID="r{self._count}" Version="2.0" IssueInstant="{made}" Destination={quoteattr(recipient)}{answering}>'
            f"<saml:Issuer>{entity}</saml:Issuer>"
            f'<samlp:Status><samlp:StatusCode Value="{status}"/></samlp:Status>'
            f'<saml:Assertion ID="a{self._count}" Version="2.0" IssueInstant="{made}">'
            f"<saml:Issuer>{entity}</saml:Issuer><saml:Subject>"
            f'<saml:NameID Format="{name_format}">{escape(subject)}</saml:NameID>'
            '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
            f'<saml:SubjectConfirmationData NotOnOrAfter="{until}" Recipient={quoteattr(recipient)}{answering}/>'
            "</saml:SubjectConfirmation></saml:Subject>"
            f'<saml:Conditions NotBefore="{made}" NotOnOrAfter="{until}"><saml:AudienceRestriction>'
            f"<saml:Audience>{escape(audience)}</saml:Audience></saml:AudienceRestriction>{more}</saml:Conditions>"
            f'<saml:AuthnStatement AuthnInstant="{made}"><saml:AuthnContext><saml:AuthnContextClassRef>'
            "urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>"
            "</saml:AuthnStatement>"
            + (f"<saml:AttributeStatement>{said}</saml:AttributeStatement>" if said else "")
            + "</saml:Assertion></samlp:Response>"
        )

    def signed(self, xml: str, *, assertion: bool = True, response: bool = False, **how: Any) -> str:
        """The XML with the assertion signed, the response, or both. ``how`` is for who signs
        (``signature_algorithm``)."""
        from lxml import etree
        from signxml.algorithms import CanonicalizationMethod
        from signxml.signer import XMLSigner

        root = etree.fromstring(xml.encode())
        signer = XMLSigner(**{"c14n_algorithm": CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0, **how})
        wanted = []
        if assertion:
            wanted.append("{urn:oasis:names:tc:SAML:2.0:assertion}Assertion")
        if response:
            wanted.append("")
        for tag in wanted:
            target = root.find(tag) if tag else root
            place = etree.SubElement(target, f"{{{_DSIG}}}Signature", nsmap={"ds": _DSIG}, Id="placeholder")
            target.remove(place)
            target.insert(1, place)
            signed = signer.sign(target, key=self._key, cert=[self.certificate], reference_uri=f"#{target.get('ID')}")
            if tag:
                root.replace(target, signed)
            else:
                root = signed
        return str(etree.tostring(root, encoding="unicode"))

    def sign(self, message: bytes) -> bytes:
        """A signature by the key, for RSA with SHA-256."""
        signature: bytes = self._key.sign(message, PKCS1v15(), SHA256())
        return signature

    def response(self, subject: str, *, assertion: bool = True, response: bool = False, **more: Any) -> str:
        """As an app gets it: signed, in base64."""
        return posted(self.signed(self.xml(subject, **more), assertion=assertion, response=response))


def posted(xml: str) -> str:
    """A response as it is posted."""
    return b64encode(xml.encode()).decode()


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

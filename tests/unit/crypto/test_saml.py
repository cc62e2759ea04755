"""SAML responses: what is signed is read, and nothing else. Each attack is built on a genuine response."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod

from poolhouse.crypto.saml import LARGEST_METADATA, XmlSamlResponses, read_response
from poolhouse.crypto.saml_xml import BadXml
from poolhouse.errors import InvalidParameter, LoginRefused
from poolhouse.ports.identities import SamlTerms
from poolhouse.testing.clock import FakeClock
from poolhouse.testing.saml_provider import FakeSamlProvider, posted
from tests.support.logins import AtOnce

P, A, D = (
    "urn:oasis:names:tc:SAML:2.0:protocol",
    "urn:oasis:names:tc:SAML:2.0:assertion",
    "http://www.w3.org/2000/09/xmldsig#",
)
OURS = {"audience": "https://auth.example.com", "recipient": "https://auth.example.com/saml"}
SIGNED = [{}, {"response": True}, {"assertion": False, "response": True}]
EVERY_WAY = pytest.mark.parametrize("how", SIGNED, ids=["assertion", "both", "response"])


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def idp(clock: FakeClock) -> FakeSamlProvider:
    return FakeSamlProvider("https://idp.example.org/entity", clock)


def read(idp: FakeSamlProvider, clock: FakeClock, xml: str | bytes) -> Any:
    raw = xml.encode() if isinstance(xml, str) else xml
    terms = SamlTerms(
        metadata=idp.metadata, audiences=(OURS["audience"],), recipients=(OURS["recipient"],), now=clock.now()
    )
    return read_response(b64encode(raw).decode(), terms)


def genuine(idp: FakeSamlProvider, **how: Any) -> Any:
    return etree.fromstring(idp.signed(idp.xml("jane", **OURS), **how))


def assertion_of(root: Any) -> Any:
    return root.find(f"{{{A}}}Assertion")


def forged(root: Any) -> Any:
    """The genuine assertion without its signature, about somebody else."""
    copy = etree.fromstring(etree.tostring(assertion_of(root)))
    for signature in copy.findall(f"{{{D}}}Signature"):
        copy.remove(signature)
    copy.find(f".//{{{A}}}NameID").text = "root"
    return copy


@EVERY_WAY
def test_a_genuine_response_says_who_it_is(idp: FakeSamlProvider, clock: FakeClock, how: dict[str, bool]) -> None:
    xml = idp.signed(idp.xml("jane", attributes={"mail": ["a@x", "b@x"], "none": []}, **OURS), **how)

    said = read(idp, clock, xml)

    assert ("jane", idp.entity, OURS["audience"]) == (said.subject, said.issuer, said.audience)
    assert {"mail": ("a@x", "b@x"), "none": ()} == said.attributes


@pytest.mark.parametrize("method", [SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512])
@pytest.mark.parametrize("digest", [DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512])
def test_usual_algorithms_are_taken(
    idp: FakeSamlProvider, clock: FakeClock, method: SignatureMethod, digest: DigestAlgorithm
) -> None:
    xml = idp.signed(idp.xml("jane", **OURS), signature_algorithm=method, digest_algorithm=digest)

    assert "jane" == read(idp, clock, xml).subject


@pytest.mark.parametrize(
    "how",
    [
        {"signature_algorithm": SignatureMethod.SHA256_RSA_MGF1},
        {"signature_algorithm": SignatureMethod.RSA_SHA224},
        {"digest_algorithm": DigestAlgorithm.SHA224},
        {"digest_algorithm": DigestAlgorithm.SHA3_256},
        {"c14n_algorithm": CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0_WITH_COMMENTS},
        {"c14n_algorithm": CanonicalizationMethod.CANONICAL_XML_1_1},
    ],
    ids=str,
)
def test_other_algorithms_are_not(idp: FakeSamlProvider, clock: FakeClock, how: dict[str, Any]) -> None:
    with pytest.raises(BadXml):
        read(idp, clock, idp.signed(idp.xml("jane", **OURS), **how))


# --- a forged assertion before, around and inside the signed one -----------------------------------------------------


def beside_first(root: Any) -> None:
    root.insert(2, forged(root))


def beside_last(root: Any) -> None:
    root.append(forged(root))


def renamed_beside(root: Any) -> None:
    evil = forged(root)
    evil.set("ID", "evil")
    root.insert(2, evil)


def around(root: Any) -> None:
    good = assertion_of(root)
    evil = forged(root)
    evil.set("ID", "evil")
    root.replace(good, evil)
    evil.append(good)


def in_the_signature(root: Any) -> None:
    good, evil = assertion_of(root), forged(root)
    evil.set("ID", "evil")
    signature = next(root.iter(f"{{{D}}}Signature"))
    root.replace(good, evil)
    evil.insert(1, signature)
    holder = etree.SubElement(signature, f"{{{D}}}Object")
    holder.append(good)


def in_extensions(root: Any) -> None:
    good, evil = assertion_of(root), forged(root)
    evil.set("ID", "evil")
    root.replace(good, evil)
    holder = etree.Element(f"{{{P}}}Extensions")
    holder.append(good)
    root.insert(1, holder)


def response_in_response(root: Any) -> None:
    inner = etree.fromstring(etree.tostring(root))
    root.replace(assertion_of(root), forged(root))
    for signature in root.findall(f"{{{D}}}Signature"):
        root.remove(signature)
    holder = etree.Element(f"{{{P}}}Extensions")
    holder.append(inner)
    root.insert(1, holder)


def same_id(root: Any) -> None:
    evil = forged(root)
    root.insert(list(root).index(assertion_of(root)), evil)


def in_advice(root: Any) -> None:
    good, evil = assertion_of(root), forged(root)
    evil.set("ID", "evil")
    root.replace(good, evil)
    advice = etree.SubElement(evil, f"{{{A}}}Advice")
    advice.append(good)
    signature = good.find(f"{{{D}}}Signature")
    if signature is not None:
        evil.insert(1, signature)


def signature_moved(root: Any) -> None:
    """The signature of the genuine one, put into a forged one that is the only one."""
    good, evil = assertion_of(root), forged(root)
    signature = good.find(f"{{{D}}}Signature")
    if signature is None:
        signature = root.find(f"{{{D}}}Signature")
    evil.insert(1, signature)
    root.replace(good, evil)


def edited(root: Any) -> None:
    assertion_of(root).find(f".//{{{A}}}NameID").text = "root"


def second_name(root: Any) -> None:
    subject = assertion_of(root).find(f"{{{A}}}Subject")
    etree.SubElement(subject, f"{{{A}}}NameID").text = "root"


def no_signatures(root: Any) -> None:
    for signature in list(root.iter(f"{{{D}}}Signature")):
        signature.getparent().remove(signature)


def empty_signature(root: Any) -> None:
    no_signatures(root)
    assertion_of(root).insert(1, etree.Element(f"{{{D}}}Signature"))


def no_reference(root: Any) -> None:
    for reference in list(root.iter(f"{{{D}}}Reference")):
        reference.getparent().remove(reference)


def empty_uri(root: Any) -> None:
    for reference in root.iter(f"{{{D}}}Reference"):
        reference.set("URI", "")


def two_references(root: Any) -> None:
    for reference in list(root.iter(f"{{{D}}}Reference")):
        reference.addnext(etree.fromstring(etree.tostring(reference)))


def xslt(root: Any) -> None:
    for transforms in root.iter(f"{{{D}}}Transforms"):
        transform = etree.Element(f"{{{D}}}Transform", Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116")
        transforms.insert(0, transform)


def xpath(root: Any) -> None:
    for transforms in root.iter(f"{{{D}}}Transforms"):
        transforms[0].set("Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116")


def hmac(root: Any) -> None:
    for method in root.iter(f"{{{D}}}SignatureMethod"):
        method.set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")


def sha1(root: Any) -> None:
    for method in root.iter(f"{{{D}}}SignatureMethod"):
        method.set("Algorithm", f"{D}rsa-sha1")


def encrypted(root: Any) -> None:
    root.replace(assertion_of(root), etree.Element(f"{{{A}}}EncryptedAssertion"))


def relative_namespace(root: Any) -> None:
    assertion_of(root).append(etree.Element("{x}y", nsmap={None: "x"}))


ATTACKS: list[Callable[[Any], None]] = [
    beside_first, beside_last, renamed_beside, around, in_the_signature, in_extensions, response_in_response, same_id,
    in_advice, signature_moved, edited, second_name, no_signatures, empty_signature, no_reference, empty_uri,
    two_references, xslt, xpath, hmac, sha1, encrypted, relative_namespace,
]  # fmt: skip


@EVERY_WAY
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_what_is_not_signed_is_never_read(
    idp: FakeSamlProvider, clock: FakeClock, attack: Callable[[Any], None], how: dict[str, bool]
) -> None:
    root = genuine(idp, **how)
    attack(root)

    with pytest.raises((BadXml, LoginRefused)):
        read(idp, clock, etree.tostring(root))


@EVERY_WAY
def test_a_key_in_the_message_is_not_trusted(idp: FakeSamlProvider, clock: FakeClock, how: dict[str, bool]) -> None:
    """Signed by somebody else, whose certificate is in the response."""
    attacker = FakeSamlProvider(idp.entity, clock, number=2)

    with pytest.raises(BadXml):
        read(idp, clock, attacker.signed(attacker.xml("root", **OURS), **how))


@EVERY_WAY
@pytest.mark.parametrize("inside", ["<!--x-->", "<?x y?>"])
@pytest.mark.parametrize("signs_it", [True, False])
def test_remarks_do_not_cut_a_name(
    idp: FakeSamlProvider, clock: FakeClock, how: dict[str, bool], inside: str, *, signs_it: bool
) -> None:
    """``admin@x<!---->.evil.example`` would read as ``admin@x`` to who reads the first text alone."""
    xml = idp.xml("admin@x.evil.example", **OURS)
    if signs_it:
        spoilt = idp.signed(xml.replace("admin@x.", f"admin@x{inside}."), **how)
    else:
        spoilt = idp.signed(xml, **how).replace("admin@x.", f"admin@x{inside}.")

    with pytest.raises(BadXml):
        read(idp, clock, spoilt)


@pytest.mark.parametrize(
    "payload",
    [
        '<!DOCTYPE r [<!ENTITY e "root">]>{}',
        '<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd">{}',
        '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>{}',
        '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>{}',
        '<?xml version="1.0" encoding="UTF-16"?>{}',
        "<?xml-stylesheet href='x'?>{}",
        "<!--x-->{}",
        "{}<!--x-->",
        "{}{}",
        "{}\0",
        "",
        "<",
        "<a/>",
        "{}x",
    ],
)
def test_what_is_no_plain_response_is_refused(idp: FakeSamlProvider, clock: FakeClock, payload: str) -> None:
    xml = idp.signed(idp.xml("jane", **OURS))
    spoilt = payload.replace("{}", xml)

    if payload.startswith("<?xml version"):
        # The declaration is not believed: it is UTF-8, and says the same.
        assert "jane" == read(idp, clock, spoilt).subject
        return
    with pytest.raises(BadXml):
        read(idp, clock, spoilt)


def test_limits_of_size_hold(idp: FakeSamlProvider, clock: FakeClock) -> None:
    deep = "<a>" * 500 + "</a>" * 500
    many = "<a>" + "<b/>" * 10_001 + "</a>"
    for xml in (deep, many, "x" * 100_000):
        with pytest.raises(BadXml):
            read(idp, clock, xml)


def test_latin_1_is_refused(idp: FakeSamlProvider, clock: FakeClock) -> None:
    with pytest.raises(BadXml):
        read(idp, clock, '<?xml version="1.0" encoding="latin-1"?><a>\xe9</a>'.encode("latin-1"))


def test_attributes_hold_texts_alone(idp: FakeSamlProvider, clock: FakeClock) -> None:
    xml = idp.xml("jane", attributes={"mail": ["VALUE"]}, **OURS).replace("VALUE", "<saml:NameID>root</saml:NameID>")

    with pytest.raises(BadXml):
        read(idp, clock, idp.signed(xml))


# --- metadata --------------------------------------------------------------------------------------------------------


async def test_metadata_names_one_provider(idp: FakeSamlProvider) -> None:
    responses = XmlSamlResponses(AtOnce())

    assert idp.entity == await responses.entity_of(idp.metadata)
    assert idp.entity == await responses.entity_of("\ufeff<?xml version='1.0'?>\n<!-- ours -->" + idp.metadata)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda xml: xml.replace("KeyDescriptor", "KeyDescription"),
        lambda xml: xml.replace('use="signing"', 'use="encryption"'),
        lambda xml: xml.replace("IDPSSODescriptor", "SPSSODescriptor"),
        lambda xml: xml.replace("EntityDescriptor", "EntitiesDescriptor"),
        lambda xml: xml.replace(' entityID="https://idp.example.org/entity"', ""),
        lambda xml: xml.replace("urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.1:protocol"),
        lambda xml: xml.replace("<ds:X509Certificate>", "<ds:X509Certificate>AAAA"),
        lambda xml: "<!DOCTYPE x>" + xml,
        lambda xml: xml[:-5],
        lambda xml: xml + " " * LARGEST_METADATA + "x",
        lambda _: "",
        lambda _: "\ud800",
    ],
)
async def test_metadata_that_describes_no_provider_is_refused(
    idp: FakeSamlProvider, spoil: Callable[[str], str]
) -> None:
    with pytest.raises(InvalidParameter):
        await XmlSamlResponses(AtOnce()).entity_of(spoil(idp.metadata))


def test_a_response_is_posted_in_base64(idp: FakeSamlProvider, clock: FakeClock) -> None:
    response = posted(idp.signed(idp.xml("jane", **OURS)))
    terms = SamlTerms(
        metadata=idp.metadata, audiences=(OURS["audience"],), recipients=(OURS["recipient"],), now=clock.now()
    )
    lines = "\r\n".join(response[start : start + 76] for start in range(0, len(response), 76))

    assert "jane" == read_response(lines, terms).subject
    for odd in (response + "!", response[:-1] + "\x00", "ä", response.replace("=", "") + "A"):
        with pytest.raises(BadXml):
            read_response(odd, terms)


# --- what a genuine provider has signed in a way that is not taken ---------------------------------------------------


def resigned(idp: FakeSamlProvider, root: Any) -> bytes:
    """The signatures are right again, whatever stands in them: of a provider that signs what it should not."""
    for info in root.iter(f"{{{D}}}SignedInfo"):
        canonical = etree.tostring(info, method="c14n", exclusive=True, with_comments=False)
        value = idp.sign(canonical)
        info.getnext().text = b64encode(value).decode()
    raw: bytes = etree.tostring(root)
    return raw


def typed(root: Any) -> None:
    for reference in root.iter(f"{{{D}}}Reference"):
        reference.set("Type", "http://www.w3.org/2000/09/xmldsig#Object")


def another_digest_place(root: Any) -> None:
    for method in root.iter(f"{{{D}}}DigestMethod"):
        etree.SubElement(method, "{urn:x}y")


@pytest.mark.parametrize("change", [xslt, typed, another_digest_place], ids=lambda change: change.__name__)
def test_a_right_signature_in_another_form_is_refused(
    idp: FakeSamlProvider, clock: FakeClock, change: Callable[[Any], None]
) -> None:
    """The library skips what it does not know: the form is ours to check."""
    good, odd = genuine(idp), genuine(idp)
    change(odd)

    assert "jane" == read(idp, clock, resigned(idp, good)).subject
    with pytest.raises(BadXml):
        read(idp, clock, resigned(idp, odd))


def test_a_signature_over_the_whole_document_by_no_name_is_refused(idp: FakeSamlProvider, clock: FakeClock) -> None:
    root = genuine(idp, assertion=False, response=True)
    empty_uri(root)

    with pytest.raises(BadXml):
        read(idp, clock, resigned(idp, root))


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: xml.replace('Recipient="https://auth', 'Recipient="https://other'),
        lambda xml: xml.replace('Destination="https://auth', 'Destination="https://other'),
        lambda xml: xml.replace("<saml:SubjectConfirmationData", '<saml:SubjectConfirmationData InResponseTo="x"'),
        lambda xml: xml.replace("<samlp:Response", '<samlp:Response InResponseTo="x"'),
        lambda xml: xml.replace("<saml:SubjectConfirmationData", '<saml:SubjectConfirmationData NotBefore="x"'),
        lambda xml: xml.replace(":cm:bearer", ":cm:holder-of-key"),
        lambda xml: xml.replace("saml:AuthnStatement", "saml:OtherStatement"),
        lambda xml: xml.replace("</saml:AudienceRestriction>", "</saml:AudienceRestriction><saml:Other/>"),
        lambda xml: xml.replace('Version="2.0"', 'Version="1.1"'),
    ],
)  # fmt: skip
@EVERY_WAY
def test_each_place_that_says_for_whom_and_when_is_looked_at(
    idp: FakeSamlProvider, clock: FakeClock, how: dict[str, bool], change: Callable[[str], str]
) -> None:
    xml = idp.xml("jane", **OURS)
    changed = change(xml)

    assert changed != xml
    with pytest.raises((BadXml, etree.XMLSyntaxError)):
        read(idp, clock, idp.signed(changed, **how))

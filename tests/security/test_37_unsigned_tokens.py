"""Security row 37: no empty keys, no ``none``, no missing parts."""

from __future__ import annotations

import base64
import itertools

import pytest

from poolhouse.tokens.jose import MAX_TOKEN, BadToken, HmacKey, Signer, Verifier, encoded, read
from tests.support.keys import private_key

TOKEN = Signer(private_key(), "k").sign({"sub": "x"})
HEAD, BODY, TAIL = TOKEN.split(".")
NONE = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()


def refused(token: object) -> None:
    with pytest.raises(BadToken):
        Verifier(private_key().public_key(), "RS256").verify(token)  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [0, 1, 16, 31])
def test_a_short_shared_secret_is_refused_when_it_is_loaded(length: int) -> None:
    with pytest.raises(ValueError, match="32"):
        HmacKey(b"x" * length)


@pytest.mark.parametrize("tail", ["", ".", TAIL, "AA"])
def test_a_token_that_says_none_is_refused(tail: str) -> None:
    refused(f"{NONE}.{BODY}.{tail}")


def test_every_form_but_three_full_parts_is_refused() -> None:
    for parts in itertools.chain.from_iterable(itertools.product(["", HEAD, BODY, TAIL], repeat=n) for n in range(5)):
        if parts != (HEAD, BODY, TAIL):
            refused(".".join(parts))


@pytest.mark.parametrize(
    "token",
    [
        TOKEN + "=",
        TOKEN + "\n",
        " " + TOKEN,
        TOKEN.replace(".", ".\n", 1),
        TOKEN.replace(".", "..", 1),
        TOKEN + ".x",
        TOKEN.replace("A", "\uff21", 1),
        TOKEN.replace(".", "\u2024", 1),
        f"{HEAD}.{BODY}.{TAIL[:-4]}",
        f"{HEAD}.{BODY}.{TAIL}AAAA",
        f"{HEAD}.{BODY}.+/AA",
    ],
)
def test_what_a_lenient_decoder_might_skip_is_refused(token: str) -> None:
    refused(token)


@pytest.mark.parametrize("token", [TOKEN.encode(), None, 7, [TOKEN], {"payload": BODY, "signature": TAIL}])
def test_only_text_is_a_token(token: object) -> None:
    refused(token)


def test_a_token_may_be_large_and_not_larger() -> None:
    signer, verifier = Signer(private_key(), "k"), Verifier(private_key().public_key(), "RS256")
    room = (MAX_TOKEN - len(TOKEN)) * 3 // 4

    assert verifier.verify(signer.sign({"sub": "x" * (room - 8)}))
    refused(signer.sign({"sub": "x" * (room + 8)}))


@pytest.mark.parametrize("token", ["{}.{}.", "{}..c2ln", ".{}.c2ln", "..", "{}..", ".{}."])
def test_a_token_with_an_empty_part_is_none(token: str) -> None:
    """Also where what is there could be read: no signature is not a short signature."""
    head, body = encoded(b'{"alg":"RS256"}').decode(), encoded(b"{}").decode()
    before, _, after = token.partition(".")

    with pytest.raises(BadToken, match="a part is empty"):
        read(f"{before.format(head)}.{after.format(body)}")

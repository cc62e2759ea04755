from __future__ import annotations

import pytest

from poolhouse.flows.access.callers import Callers
from tests.support.json_api import ACCOUNT, ROOT, KeysInMemory, ManualClock, OpenSecrets, access_key

GET = "cognito-idp:AdminGetUser"


def callers(clock: ManualClock, keys: KeysInMemory, at_most: int = 1024) -> Callers:
    return Callers(
        now=clock.now, account=ACCOUNT, root=ROOT, keys=keys, secrets=OpenSecrets(), at_most=at_most  # type: ignore[arg-type]
    )  # fmt: skip


async def test_the_root_key_is_known_and_may_do_everything(clock: ManualClock, keys: KeysInMemory) -> None:
    known = await callers(clock, keys).find("AKIAROOT")

    assert known is not None
    assert b"root-secret" == known.secret
    assert "arn:aws:iam::123456789012:root" == known.caller.arn
    assert known.caller.policy.allows(GET, "*")
    assert [] == keys.asked


async def test_a_key_in_the_store_is_opened_and_has_its_policy(clock: ManualClock) -> None:
    keys = KeysInMemory(access_key("AKIAONE", "s3cret", {"Effect": "Allow", "Action": GET, "Resource": "*"}))

    known = await callers(clock, keys).find("AKIAONE")

    assert known is not None
    assert b"s3cret" == known.secret
    assert "arn:aws:iam::123456789012:user/akiaone" == known.caller.arn
    assert known.caller.policy.allows(GET, "*")
    assert not known.caller.policy.allows("cognito-idp:AdminDeleteUser", "*")


async def test_unknown_and_disabled_keys_are_nobody(clock: ManualClock) -> None:
    found = callers(clock, KeysInMemory(access_key("AKIAOFF", "s", enabled=False)))

    assert await found.find("AKIAOFF") is None
    assert await found.find("AKIANONE") is None


@pytest.mark.parametrize("key_id", ["", "a/b", "a b", "$ne", "x" * 129, "é", "a\n"])
async def test_what_cannot_be_a_key_id_is_not_even_asked_for(
    clock: ManualClock, keys: KeysInMemory, key_id: str
) -> None:
    assert await callers(clock, keys).find(key_id) is None
    assert [] == keys.asked


async def test_an_answer_of_the_store_is_believed_for_five_seconds(clock: ManualClock) -> None:
    keys = KeysInMemory(access_key("AKIAONE", "s"))
    found = callers(clock, keys)
    await found.find("AKIAONE")
    keys.keys.clear()

    clock.time += 4.9
    assert await found.find("AKIAONE") is not None
    clock.time += 0.1
    assert await found.find("AKIAONE") is None


async def test_a_new_key_works_at_once(clock: ManualClock, keys: KeysInMemory) -> None:
    found = callers(clock, keys)
    assert await found.find("AKIANEW") is None

    keys.keys["AKIANEW"] = access_key("AKIANEW", "s")

    assert await found.find("AKIANEW") is not None


async def test_a_clock_that_went_back_makes_no_old_answer_young(clock: ManualClock) -> None:
    keys = KeysInMemory(access_key("AKIAONE", "s"))
    found = callers(clock, keys)
    await found.find("AKIAONE")
    keys.keys.clear()

    clock.time -= 3600

    assert await found.find("AKIAONE") is None


async def test_only_so_many_keys_are_kept(clock: ManualClock) -> None:
    keys = KeysInMemory(*(access_key(f"AKIA{number}", "s") for number in range(3)))
    found = callers(clock, keys, at_most=2)

    for number in (0, 1, 2, 2, 1, 0):
        await found.find(f"AKIA{number}")

    assert ["AKIA0", "AKIA1", "AKIA2", "AKIA0"] == keys.asked


@pytest.mark.parametrize("root", [("", "secret"), ("AKIAROOT", "")])
def test_a_root_key_without_id_or_secret_stops_the_start(clock: ManualClock, root: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="root access key"):
        Callers(now=clock.now, account=ACCOUNT, root=root)


async def test_a_secret_is_not_in_the_text_of_a_key(clock: ManualClock, keys: KeysInMemory) -> None:
    known = await callers(clock, keys).find("AKIAROOT")

    assert "root-secret" not in repr(known)

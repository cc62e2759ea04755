"""tmp"""


async def test_journey(poolhouse):
    pool = await poolhouse.make_pool(AutoVerifiedAttributes=["email"])
    client = await poolhouse.make_client(pool, GenerateSecret=True)
    user = await poolhouse.make_user(pool, attributes={"email": "jane@example.com"})
    signed = await poolhouse.sign_in(client, user)
    assert signed.id_claims["email"] == "jane@example.com"
    await poolhouse.drain_outbox()


async def test_journey2(poolhouse):
    pass


async def test_journey3(poolhouse):
    pass

"""Claims are the same whether a plugin could have amended them or not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from poolhouse.flows.grants.claims import FIXED_ACCESS, FIXED_ID, Issue, access_token, first_draft, id_token, unamended
from poolhouse.records.clients import Client
from poolhouse.records.grants import Grant
from poolhouse.records.pools import AttributeSchema, Pool
from poolhouse.records.users import User

NAMES = sorted(
    FIXED_ID | FIXED_ACCESS | {"email", "email_verified", "phone_number_verified", "address", "updated_at", "custom:x"}
)
SCOPES = ("aws.cognito.signin.user.admin", "openid", "read", "read")


@st.composite
def issues(draw: st.DrawFn) -> Issue:
    attributes = draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["true", "false", "17", "x", ""])))
    schema = tuple(AttributeSchema(name=name, type="String", mutable=True) for name in NAMES)
    pool = Pool(id="eu-north-1_a", name="p", created=0.0, modified=0.0, schema=schema)
    client = Client(
        id="c",
        pool_id=pool.id,
        name="c",
        created=0.0,
        modified=0.0,
        revocable=draw(st.booleans()),
        read_attributes=tuple(draw(st.lists(st.sampled_from(NAMES), unique=True))),
    )
    return Issue(
        pool=pool,
        client=client,
        user=User(pool_id=pool.id, sub="s", username="jane", created=0.0, modified=0.0, attributes=attributes),
        grant=Grant(
            id="g",
            pool_id=pool.id,
            client_id="c",
            user_sub="s",
            family="f",
            digest="d",
            created=0.0,
            auth_time=1,
            expires=9.0,
            epoch=0,
            scopes=tuple(draw(st.lists(st.sampled_from(SCOPES)))),
        ),
        issuer="https://auth.example.com/eu-north-1_a",
        now=7,
        id_jti="1",
        access_jti="2",
        groups=tuple(draw(st.lists(st.sampled_from(["a", "b"]), unique=True))),
        roles=tuple(draw(st.lists(st.sampled_from(["r", "q"]), unique=True))),
        preferred_role=draw(st.sampled_from([None, "r"])),
    )


@given(issues())
def test_what_no_plugin_sees_is_what_a_plugin_that_changes_nothing_leaves(issue: Issue) -> None:
    draft = first_draft(issue, source="TokenGeneration_Authentication", metadata={})

    assert unamended(issue) == (id_token(issue, draft), access_token(issue, draft))

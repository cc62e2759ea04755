"""Any text at all, in every place that takes text from outside: it is taken or refused, and nothing else happens."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from poolhouse.errors import InvalidParameter, NotAuthorized
from poolhouse.flows.clients.redirects import check_redirect
from poolhouse.flows.directory import formats
from poolhouse.flows.directory.definitions import Bounds, Declaration, extended, found
from poolhouse.flows.directory.values import check_values
from poolhouse.records.pools import Pool

POOL = Pool(
    id="eu-west-1_abcdefghi",
    name="people",
    created=1.0,
    modified=1.0,
    schema=found(
        (
            Declaration(name="score", type="Number"),
            Declaration(name="since", type="DateTime"),
            Declaration(name="member", type="Boolean"),
        )
    ),
)
ANYTHING = st.text(st.characters(codec=None, categories=None), max_size=80)
ALMOST = st.one_of(
    ANYTHING,
    st.builds("{}@{}".format, ANYTHING, ANYTHING),
    st.builds("+{}".format, st.from_regex(r"[0-9]{0,16}", fullmatch=True)),
    st.builds("https://{}".format, ANYTHING),
    st.builds("{}-{}-{}T{}".format, *[st.integers(-1, 10000)] * 3, ANYTHING),
)
NAMES = st.one_of(st.sampled_from([attribute.name for attribute in POOL.schema]), ANYTHING)


@settings(max_examples=300, deadline=None)
@given(ALMOST)
def test_a_format_is_met_or_not(value: str) -> None:
    for check in (formats.is_email, formats.is_phone, formats.is_date, formats.is_instant):
        assert check(value) in (True, False)
    assert formats.boolean(value) in ("true", "false", None)
    assert isinstance(formats.whole(value), int | None)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(NAMES, ALMOST, max_size=4), st.sampled_from(["create", "invite", "update"]))
def test_values_are_taken_or_refused(values: dict[str, str], occasion: str) -> None:
    for who in ("user", "admin"):
        try:
            checked = check_values(POOL, values, on=occasion, who=who)  # type: ignore[arg-type]
        except (InvalidParameter, NotAuthorized):
            continue

        assert checked.keys() <= {attribute.name for attribute in POOL.schema} - {"sub"}
        assert who == "admin" or not {"email_verified", "phone_number_verified"} & checked.keys()


@settings(max_examples=300, deadline=None)
@given(ALMOST)
def test_a_redirect_is_taken_or_refused(uri: str) -> None:
    try:
        check_redirect(uri)
    except InvalidParameter:
        return

    assert "#" not in uri
    assert uri.isprintable() or not uri.isascii()


@settings(max_examples=100, deadline=None)
@given(ANYTHING, ANYTHING, ANYTHING)
def test_a_declaration_is_taken_or_refused(name: str, minimum: str, maximum: str) -> None:
    for kind in ("String", "Number"):
        bounds = Bounds(minimum, maximum)
        try:
            schema = extended(POOL.schema, (Declaration(name=name, type=kind, length=bounds, value=bounds),))
        except InvalidParameter:
            continue

        assert schema[-1].name == f"custom:{name}"

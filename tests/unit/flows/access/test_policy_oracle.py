"""The product and the plain statement of the language agree about any policy and any request."""

from __future__ import annotations

from typing import Any

from hypothesis import event, given, reject, settings
from hypothesis import strategies as st

from poolhouse.errors import PolicyMalformed
from poolhouse.flows.access.policies import Permissions, parse_policy
from tests.support.policies import is_allowed

ACTIONS = ("s:get", "s:put", "S:GET", "t:get", "s:*", "*", "s:g?t", "*:get", "s:*t", "s:p*t")
WORDS = st.text("ab*?:/", max_size=5) | st.sampled_from(("a", "b", "ab", "*"))
VARIABLES = ("${k:a}", "${K:A}", "${k:none}", "${k:many}", "${k:none, 'b'}", "${k:empty,'a'}", "${k:long}")
SIGNS = ("${*}", "${?}", "${$}", "$", "a", "b", "*", "?", "/", ":", "**", "a*b", "ab")
TEXTS = st.lists(st.sampled_from((*SIGNS, *VARIABLES)), min_size=1, max_size=5).map("".join)
FIELDS = st.sampled_from(("aws", "*", "*", "*", "a?s", "a*", "${k:a}", "b"))
ARNS = st.builds(
    lambda fields, text: f"arn:{fields[0]}:{fields[1]}:{fields[2]}:{fields[3]}:{text}",
    st.tuples(FIELDS, FIELDS, FIELDS, FIELDS),
    TEXTS,
)
GIVEN_ARNS = st.builds(
    lambda fields, text: f"arn:{fields[0]}:{fields[1]}:{fields[2]}:{fields[3]}:{text}",
    st.tuples(*[st.sampled_from(("aws", "aws", "aws", "a", "b", ""))] * 4),
    st.text("ab*?:/", min_size=1, max_size=6) | st.sampled_from(("a", "ab", "abab")),
)
NUMBERS = st.sampled_from(("0", "1", "-1", "1.0", "01", "10", "2.5", "99999999999999999999", "+1"))
DATES = st.sampled_from(
    ("2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2027-05-05T05:05:05Z", "1767225600", "0")
)
NETWORKS = st.sampled_from(("10.0.0.0/8", "10.1.2.3", "192.0.2.1/24", "2001:db8::/32", "2001:db8::1", "0.0.0.0/0"))
OF_GROUP: dict[str, tuple[tuple[str, ...], Any]] = {
    "String": (("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike"), TEXTS),
    "Numeric": (
        ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"),
        NUMBERS | st.just("${k:number}"),
    ),
    "Date": (("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"), DATES),
    "Bool": (("",), st.sampled_from(("true", "false", "True", True, False))),
    "Binary": (("Equals",), st.sampled_from(("YQ==", "YWI=", ""))),
    "Arn": (("Equals", "Like", "NotEquals", "NotLike"), ARNS),
    "Ip": (("IpAddress", "NotIpAddress"), NETWORKS),
    "Null": (("Null",), st.sampled_from(("true", "false"))),
}
PARTS = ("*", "?", "a", "b", "ab", "${k:a}", "${*}")
KEYS = ("k:a", "K:A", "k:many", "k:none", "k:number", "k:date", "k:ip", "k:bool", "k:bytes", "k:arn", "k:nobody")


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(draw(st.integers(0, 2))):
        group = draw(st.sampled_from(sorted(OF_GROUP)))
        names, values = OF_GROUP[group]
        name = draw(st.sampled_from(names))
        operator = name if group in ("Ip", "Null") else f"{group}{name}"
        if group != "Null":
            operator = draw(st.sampled_from(("", "", "ForAnyValue:", "ForAllValues:"))) + operator
            operator += draw(st.sampled_from(("", "", "IfExists")))
        said = draw(values | st.lists(values, min_size=1, max_size=2))
        found.setdefault(operator, {})[draw(st.sampled_from(KEYS))] = said
    return found


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    one_or_more = st.lists(ARNS, min_size=1, max_size=3)
    found: dict[str, Any] = {"Effect": draw(st.sampled_from(("Allow", "Allow", "Deny")))}
    found[draw(st.sampled_from(("Action", "Action", "NotAction")))] = draw(
        st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=3) | st.just("*")
    )
    found[draw(st.sampled_from(("Resource", "Resource", "NotResource")))] = draw(one_or_more | ARNS | st.just("*"))
    if said := draw(conditions()):
        found["Condition"] = said
    return found


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {"Statement": draw(st.lists(statements(), min_size=1, max_size=3) | statements())}
    version = draw(st.sampled_from(("2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17", None)))
    return found if version is None else {"Version": version, **found}


SOME = WORDS | NUMBERS | DATES | NETWORKS | GIVEN_ARNS | st.sampled_from(("true", "False", "YQ==", "a", "A"))
CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "k:a": WORDS,
        "k:many": st.lists(WORDS, max_size=3).map(tuple),
        "k:number": NUMBERS | WORDS,
        "k:date": DATES | WORDS,
        "k:ip": st.sampled_from(("10.1.2.3", "192.0.2.77", "2001:db8::5", "nowhere")),
        "k:bool": st.sampled_from(("true", "false", "maybe")),
        "k:bytes": st.sampled_from(("YQ==", "YWI=", "?")),
        "k:arn": GIVEN_ARNS | WORDS,
        "k:empty": st.just(""),
        "k:nobody": SOME,
    },
)


@settings(max_examples=150, deadline=None)
@given(
    role=st.lists(documents(), max_size=2),
    sessions=st.lists(st.lists(documents(), max_size=2), max_size=1),
    action=st.sampled_from(("s:get", "s:Put", "t:get", "s:")),
    resource=GIVEN_ARNS | st.just("*") | WORDS,
    context=CONTEXTS,
)
def test_the_product_and_the_plain_statement_of_the_language_agree(
    role: list[Any], sessions: list[list[Any]], action: str, resource: str, context: dict[str, Any]
) -> None:
    try:
        permissions = Permissions(
            [parse_policy(document) for document in role],
            [[parse_policy(document) for document in each] for each in sessions],
        )
    except PolicyMalformed:
        # A variable in place of a number, without the version that knows variables.
        reject()

    expected = is_allowed(role, sessions, action, resource, context)

    event(f"allowed: {expected}")
    assert expected == permissions.allows(action, resource, context)


@settings(max_examples=150, deadline=None)
@given(statement=statements(), resource=GIVEN_ARNS, context=CONTEXTS)
def test_they_agree_about_each_statement(statement: dict[str, Any], resource: str, context: dict[str, Any]) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    more = [everything] if statement["Effect"] == "Deny" else []
    document = {"Version": "2012-10-17", "Statement": [statement, *more]}

    expected = is_allowed([document], [], "s:get", resource, context)

    event(f"{statement['Effect']}: {expected}")
    assert expected == Permissions([parse_policy(document)]).allows("s:get", resource, context)


@settings(max_examples=150, deadline=None)
@given(
    parts=st.lists(st.sampled_from(PARTS), min_size=1, max_size=8), value=st.text("ab*?", max_size=4), data=st.data()
)
def test_they_agree_about_patterns(parts: list[str], value: str, data: st.DataObject) -> None:
    meant = {"*": st.text("ab", max_size=3), "?": st.text("ab", min_size=1, max_size=1), "${k:a}": st.just(value)}
    fitting = "".join(data.draw(meant.get(part, st.just(part.strip("${}")))) for part in parts)
    given_text = data.draw(st.just(fitting) | st.text("ab*?", max_size=10))
    text = "".join(parts)
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringLike": {"k:g": text}}}
    document = {"Version": "2012-10-17", "Statement": statement}
    context = {"k:g": given_text, "k:a": value}

    expected = is_allowed([document], [], "s:get", "*", context)

    event(f"matches: {expected}")
    assert expected == Permissions([parse_policy(document)]).allows("s:get", "*", context)

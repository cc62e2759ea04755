from __future__ import annotations

from collections.abc import Iterator

import pytest

from poolhouse import errors as domain
from poolhouse.errors.reasons import Reason
from poolhouse.errors.statements import Statement
from poolhouse.server.cognito.engine.failures import INTERNAL, ProtocolError
from poolhouse.server.cognito.identity_pools.errors import TABLE, VALIDATION, failure
from poolhouse.server.cognito.identity_pools.model import identity_pools_model

MODEL = identity_pools_model()
ALWAYS = {"TooManyRequestsException", "ServiceUnavailableException", INTERNAL, VALIDATION}
OF_CALLERS = {
    "AccessDeniedException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
    "ExpiredTokenException",
}
MADE: dict[type[domain.PoolhouseError], domain.PoolhouseError] = {
    domain.AccessDenied: domain.AccessDenied(caller="c", action="a", resource="r"),
    domain.IdentityPoolNotFound: domain.IdentityPoolNotFound("p"),
    domain.IdentityNotFound: domain.IdentityNotFound("i"),
    domain.MissingParameter: domain.MissingParameter("p"),
}
RAISED = (
    *(
        kind
        for kind in vars(domain).values()
        if isinstance(kind, type)
        and issubclass(kind, domain.PoolhouseError)
        and (kind.__module__ == "poolhouse.errors.identities" or issubclass(kind, domain.CallerRefused))
    ),
    domain.ConcurrentModification,
    domain.InvalidParameter,
    domain.KeyTaken,
    domain.LimitExceeded,
    domain.MissingParameter,
    domain.NotAuthorized,
    domain.NotOffered,
    domain.PolicyMalformed,
    domain.RoleRefused,
    domain.SessionTooLarge,
    domain.StoreAway,
    domain.TooManyRequests,
    domain.VersionConflict,
)
"""What operations on identity pools can raise."""


def made(kind: type[domain.PoolhouseError]) -> domain.PoolhouseError:
    return MADE.get(kind) or kind(*(["no"] if kind is domain.NotOffered else []))


def told(error: BaseException, operation: str) -> str:
    return failure(error, MODEL.operations[operation]).name


def test_what_can_be_raised_has_names_of_its_own_or_of_its_branch() -> None:
    mapped = {kind: next(parent for parent in kind.__mro__ if parent in TABLE) for kind in RAISED}

    assert [] == [kind.__name__ for kind, parent in mapped.items() if parent is domain.PoolhouseError]


def test_only_declared_errors_leave_whatever_is_raised() -> None:
    def strange() -> Iterator[tuple[str, str, str]]:
        for operation in MODEL.operations.values():
            for kind in RAISED:
                name = failure(made(kind), operation).name
                is_fine = name in operation.errors | ALWAYS
                if not is_fine and not (issubclass(kind, domain.CallerRefused) and name in OF_CALLERS):
                    yield operation.name, kind.__name__, name

    assert [] == list(strange())


@pytest.mark.parametrize(
    ("error", "operation", "expected"),
    [
        (domain.IdentityPoolNotFound("p"), "GetId", "ResourceNotFoundException"),
        (domain.IdentityNotFound("i"), "GetOpenIdToken", "ResourceNotFoundException"),
        (domain.LoginRefused(), "GetId", "NotAuthorizedException"),
        (domain.NotAuthorized(), "GetCredentialsForIdentity", "NotAuthorizedException"),
        (domain.LoginTaken(), "GetCredentialsForIdentity", "ResourceConflictException"),
        (
            domain.DeveloperUserTaken(),
            "GetOpenIdTokenForDeveloperIdentity",
            "DeveloperUserAlreadyRegisteredException",
        ),
        (domain.DeveloperUserTaken(), "MergeDeveloperIdentities", "ResourceConflictException"),
        (domain.NoRole(), "GetCredentialsForIdentity", "InvalidIdentityPoolConfigurationException"),
        (domain.RoleRefused(), "GetCredentialsForIdentity", "InvalidIdentityPoolConfigurationException"),
        (domain.ProviderAway(), "GetId", "ExternalServiceException"),
        (domain.ProviderAway(), "DescribeIdentity", INTERNAL),
        (domain.LimitExceeded(), "CreateIdentityPool", "LimitExceededException"),
        (domain.LimitExceeded(), "GetOpenIdToken", "TooManyRequestsException"),
        (domain.ConcurrentModification(), "UpdateIdentityPool", "ConcurrentModificationException"),
        (domain.ConcurrentModification(), "TagResource", "TooManyRequestsException"),
        (domain.NotOffered("no"), "CreateIdentityPool", "InvalidParameterException"),
        (ProtocolError("SerializationException", "no"), "GetId", "SerializationException"),
        (ZeroDivisionError(), "GetId", INTERNAL),
    ],
)
def test_an_error_leaves_under_the_nearest_name_that_is_declared(
    error: BaseException, operation: str, expected: str
) -> None:
    assert expected == told(error, operation)


def test_what_breaks_the_model_is_told_apart_from_what_cannot_be_meant() -> None:
    fault = Statement(Reason.MEMBER_LENGTH_AT_LEAST, least=1)

    for error in (
        domain.InvalidParameter(Reason.INPUT_FAULT, fault=fault),
        domain.InvalidParameter(Reason.INPUT_FAULTS, count=2, faults=(fault, fault)),
    ):
        assert VALIDATION == told(error, "GetId")
    assert "InvalidParameterException" == told(domain.InvalidParameter(Reason.DEVELOPER_PROVIDER_FIXED), "GetId")


def test_of_a_failure_outside_nothing_is_told_where_clients_have_no_word_for_it() -> None:
    told_of = failure(domain.ProviderAway(detail="https://provider.example.com"), MODEL.operations["DescribeIdentity"])

    assert (500, "Internal error.") == (told_of.status, told_of.sentence)


def test_the_store_that_does_not_answer_is_a_reason_to_come_back() -> None:
    told_of = failure(domain.StoreAway(), MODEL.operations["GetId"])

    assert (503, "ServiceUnavailableException", "1") == (told_of.status, told_of.name, told_of.headers["Retry-After"])

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from poolhouse import errors as domain
from poolhouse.server.cognito.engine.failures import Failure, ProtocolError
from poolhouse.server.cognito.engine.model import ServiceModel
from poolhouse.server.cognito.user_pools.errors import INTERNAL, TABLE, failure

ALWAYS = {"TooManyRequestsException", "ServiceUnavailableException", INTERNAL}
"""What any operation may answer, declared or not."""

CALLER = {
    "AccessDeniedException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
    "ExpiredTokenException",
}
"""What may be said of a caller before any operation runs, declared or not."""

ELSEWHERE = {
    kind
    for kind in vars(domain).values()
    if isinstance(kind, type)
    and kind.__module__ in {"poolhouse.errors.access", "poolhouse.errors.identities"}
    and not issubclass(kind, domain.CallerRefused)
}
"""What no operation of user pools can raise."""

MADE: dict[type[domain.PoolhouseError], domain.PoolhouseError] = {
    domain.AccessDenied: domain.AccessDenied(caller="c", action="a", resource="r"),
    domain.PoolNotFound: domain.PoolNotFound("eu-west-1_a"),
    domain.ClientNotFound: domain.ClientNotFound("c"),
    domain.MissingParameter: domain.MissingParameter("USERNAME"),
    domain.ScopeNotFound: domain.ScopeNotFound("s"),
    domain.SigningFailed: domain.SigningFailed("ML-DSA-44"),
    domain.Refused: domain.Refused("no"),
    domain.PluginFailed: domain.PluginFailed("PreSignUp", "p"),
    domain.PluginAnswerInvalid: domain.PluginAnswerInvalid("PreSignUp", "p"),
    domain.InvocationFailed: domain.InvocationFailed("PreSignUp", "no answer"),
    domain.OutputUnusable: domain.OutputUnusable("PreSignUp"),
}


def every(kind: type[domain.PoolhouseError] = domain.PoolhouseError) -> Iterator[type[domain.PoolhouseError]]:
    # A plugin or a test of somebody else may have a class of its own.
    if kind.__module__.startswith(domain.__name__) and kind not in ELSEWHERE:
        yield kind
    for child in kind.__subclasses__():
        yield from every(child)


def told(error: BaseException, model: ServiceModel, name: str) -> Failure:
    return failure(error, model.operations[name])


def test_every_branch_of_the_tree_is_mapped_by_itself_or_by_its_branch() -> None:
    mapped = {
        kind: next(parent for parent in kind.__mro__ if parent in TABLE)  # type: ignore[type-abstract]
        for kind in every()
    }

    assert not [kind.__name__ for kind, parent in mapped.items() if parent is domain.PoolhouseError is not kind]


def test_only_declared_errors_leave_whatever_is_raised(model: ServiceModel) -> None:
    undeclared = {
        (operation.name, kind.__name__, name)
        for operation in model.operations.values()
        for kind in every()
        if (name := failure(MADE.get(kind) or kind(), operation).name) not in operation.errors | ALWAYS
        and not (issubclass(kind, domain.CallerRefused) and name in CALLER)
    }

    assert not undeclared


@pytest.mark.parametrize(
    ("error", "operation", "expected"),
    [
        (domain.WrongCredentials(), "InitiateAuth", "NotAuthorizedException"),
        (domain.UserNotFound(), "AdminGetUser", "UserNotFoundException"),
        (domain.UserNotFound(), "AdminListDevices", "ResourceNotFoundException"),
        (domain.UserNotFound(), "GlobalSignOut", "NotAuthorizedException"),
        (domain.PoolNotFound("x_y"), "DescribeUserPool", "ResourceNotFoundException"),
        (domain.ClientNotFound("x"), "InitiateAuth", "ResourceNotFoundException"),
        (domain.ClientNotFound("x"), "RevokeToken", "UnauthorizedException"),
        (domain.UsernameTaken(), "SignUp", "UsernameExistsException"),
        (domain.AliasTaken(), "ConfirmSignUp", "AliasExistsException"),
        (domain.AliasTaken(), "SignUp", "UsernameExistsException"),
        (domain.GroupTaken(), "CreateGroup", "GroupExistsException"),
        (domain.PasswordPolicyViolation("short"), "SignUp", "InvalidPasswordException"),
        (domain.PasswordHistoryViolation(), "ChangePassword", "PasswordHistoryPolicyViolationException"),
        (domain.PasswordHistoryViolation(), "SignUp", "InvalidPasswordException"),
        (domain.CodeMismatch(), "ConfirmSignUp", "CodeMismatchException"),
        (domain.CodeExpired(), "ConfirmForgotPassword", "ExpiredCodeException"),
        (domain.TooManyFailedAttempts(), "ConfirmSignUp", "TooManyFailedAttemptsException"),
        (domain.TooManyFailedAttempts(), "ChangePassword", "LimitExceededException"),
        (domain.LimitExceeded(), "InitiateAuth", "TooManyRequestsException"),
        (domain.TooManyRequests(), "SetUserSettings", "TooManyRequestsException"),
        (domain.NotOffered("not this"), "InitiateAuth", "UnsupportedOperationException"),
        (domain.NotOffered("not this"), "CreateUserPool", "InvalidParameterException"),
        (domain.VersionConflict(), "UpdateUserPool", "ConcurrentModificationException"),
        (domain.VersionConflict(), "SignUp", "TooManyRequestsException"),
        (domain.PluginFailed("PreSignUp", "p"), "SignUp", "UnexpectedLambdaException"),
        (domain.PluginAnswerInvalid("PreSignUp", "p"), "SignUp", "InvalidLambdaResponseException"),
        (domain.DeliveryFailed(), "ForgotPassword", "CodeDeliveryFailureException"),
        (domain.RefreshTokenReused(), "GetTokensFromRefreshToken", "RefreshTokenReuseException"),
        (domain.InvalidAccessToken(), "GetUser", "NotAuthorizedException"),
        (domain.NotAuthorized(), "AddUserPoolClientSecret", "AccessDeniedException"),
    ],
)
def test_an_error_leaves_under_the_nearest_name_that_is_declared(
    model: ServiceModel, error: domain.PoolhouseError, operation: str, expected: str
) -> None:
    assert expected == told(error, model, operation).name


def test_client_faults_have_status_400_and_their_sentence(model: ServiceModel) -> None:
    answer = told(domain.WrongCredentials(), model, "InitiateAuth")

    assert 400 == answer.status
    assert {"__type": "NotAuthorizedException", "message": "Incorrect username or password."} == msgspec.json.decode(
        answer.body()
    )


def test_a_class_made_later_is_mapped_like_its_parent(model: ServiceModel) -> None:
    class VeryWrongCredentials(domain.WrongCredentials):
        pass

    assert "NotAuthorizedException" == told(VeryWrongCredentials(), model, "InitiateAuth").name


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("not on Sundays", "PreSignUp failed with error not on Sundays."),
        ("Not on Sundays.", "PreSignUp failed with error Not on Sundays.."),
    ],
)
def test_a_refusal_names_the_hook(model: ServiceModel, sentence: str, expected: str) -> None:
    error = domain.Refused(sentence)
    error.hook = "PreSignUp"

    answer = told(error, model, "SignUp")

    assert "UserLambdaValidationException" == answer.name
    assert expected == answer.sentence


def test_too_many_requests_say_when_to_come_back(model: ServiceModel) -> None:
    assert {"Retry-After": "3"} == told(domain.TooManyRequests(retry_after=2.1), model, "SignUp").headers
    assert {"Retry-After": "1"} == told(domain.TooManyRequests(retry_after=0.01), model, "SignUp").headers
    assert {} == told(domain.LimitExceeded(), model, "SignUp").headers


@pytest.mark.parametrize("operation", ["SignUp", "ListUserPoolClientSecrets", "GetUser"])
def test_an_unexpected_exception_tells_nothing(model: ServiceModel, operation: str) -> None:
    answer = told(KeyError("hunter2"), model, operation)

    assert 500 == answer.status
    assert answer.name in {"InternalErrorException", "InternalServerException"}
    assert b"hunter2" not in answer.body()


def test_a_failure_of_ours_tells_no_detail_where_no_name_is_declared_for_it(model: ServiceModel) -> None:
    answer = told(domain.PluginFailed("PreToken", "secret-plugin"), model, "CreateGroup")

    assert 500 == answer.status
    assert "Internal error." == answer.sentence


def test_a_protocol_error_leaves_as_it_is(model: ServiceModel) -> None:
    answer = told(ProtocolError("SerializationException", "no", status=415), model, "GetUser")

    assert ("SerializationException", "no", 415) == (answer.name, answer.sentence, answer.status)

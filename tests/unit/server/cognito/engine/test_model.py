from __future__ import annotations

import subprocess
import sys

import pytest

from poolhouse.server.cognito.engine.model import ServiceModel, Source, load_model

OPEN_TO_ANYBODY = {
    "ConfirmForgotPassword",
    "ConfirmSignUp",
    "ForgotPassword",
    "GetTokensFromRefreshToken",
    "InitiateAuth",
    "ResendConfirmationCode",
    "RespondToAuthChallenge",
    "RevokeToken",
    "SignUp",
    "UpdateAuthEventFeedback",
}


def test_the_pinned_model_has_141_operations(model: ServiceModel) -> None:
    assert 141 == len(model.operations)


def test_the_identity_pool_model_loads_by_the_same_way() -> None:
    model = load_model(Source("cognito-identity", "2014-06-30"))

    assert 23 == len(model.operations)
    assert "cognito-identity" == model.service
    assert "AWSCognitoIdentityService.GetId" == model.operations["GetId"].target


def test_a_model_that_botocore_does_not_hold_is_an_error() -> None:
    with pytest.raises(LookupError, match="no-such-service"):
        load_model(Source("no-such-service", "2000-01-01"))


def test_operations_open_to_anybody_are_these_and_no_others(model: ServiceModel) -> None:
    """A new version of the model cannot open an operation without this test being changed."""
    public = {name for name, operation in model.operations.items() if operation.caller == "public"}

    assert OPEN_TO_ANYBODY == public


def test_token_operations_take_an_access_token(model: ServiceModel) -> None:
    token = {name for name, operation in model.operations.items() if operation.caller == "token"}

    assert 24 == len(token)
    assert all("AccessToken" in model.shapes[model.operations[name].input].members for name in token)


def test_no_administrators_operation_goes_without_a_signature(model: ServiceModel) -> None:
    unsigned = {name for name, operation in model.operations.items() if operation.caller != "signed"}

    assert not {name for name in unsigned if name.startswith(("Admin", "Create", "Describe"))}


def test_an_operation_knows_its_secret_members_and_its_errors(model: ServiceModel) -> None:
    sign_up = model.operations["SignUp"]

    assert {"ClientId", "SecretHash", "Username", "Password", "UserContextData"} == sign_up.sensitive
    assert "UsernameExistsException" in sign_up.errors
    assert "AliasExistsException" not in sign_up.errors


def test_operations_without_a_body_in_the_answer_have_no_output(model: ServiceModel) -> None:
    assert model.operations["DeleteUser"].output is None
    assert model.operations["GlobalSignOut"].output is not None


def test_loading_the_model_does_not_import_botocore() -> None:
    code = (
        "import sys; from poolhouse.server.cognito import catalogue; "
        "from poolhouse.server.cognito.bindings import json; "
        "catalogue.user_pools_model(); sys.exit('botocore' in sys.modules)"
    )

    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode


def test_the_service_name_of_signatures_comes_from_the_model(model: ServiceModel) -> None:
    assert "cognito-idp" == model.service

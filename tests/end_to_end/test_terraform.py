"""Terraform with the vendor's provider against a real server: what it wrote it finds again, and a change of one number
changes nothing else. The folder with the provider is named by ``POOLHOUSE_TEST_TERRAFORM_PLUGINS``; ``terraform
providers mirror`` in ``tests/end_to_end/terraform`` makes one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from poolhouse.testing.made import MadeClient
from tests.end_to_end.conftest import Servers
from tests.end_to_end.test_pycognito import pycognito
from tests.support.live import PASSWORD, Live, Stranger
from tests.support.server_process import REGION, ROOT

CONFIGURATION = Path(__file__).parent / "terraform" / "main.tf"
OF_IDENTITY_POOLS = CONFIGURATION.parent / "identity_pools" / "main.tf"
PLUGINS = "POOLHOUSE_TEST_TERRAFORM_PLUGINS"
NOTHING_TO_DO = 0
"""With ``-detailed-exitcode`` a plan that is not empty ends with 2."""

pytestmark = pytest.mark.requires_terraform


@dataclass(frozen=True)
class Terraform:
    program: str
    folder: Path
    live: Live

    def __call__(self, *words: str, minutes: int | None = None, expected: int = 0) -> str:
        """What it printed. Fails where it ends with another number than ``expected``."""
        options = ["-no-color"] if minutes is None else ["-no-color", "-input=false", f"-var=minutes={minutes}"]
        variables = {
            "TF_VAR_endpoint": self.live.base_url,
            "TF_VAR_region": REGION,
            "TF_VAR_access_key": ROOT[0],
            "TF_VAR_secret_key": ROOT[1],
            "TF_VAR_password": PASSWORD,
        }
        done = subprocess.run(
            [self.program, *words, *options],
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "TF_CLI_CONFIG_FILE": str(self.folder / "terraform.rc"),
                "CHECKPOINT_DISABLE": "1",
                "TF_IN_AUTOMATION": "1",
                "AWS_EC2_METADATA_DISABLED": "true",
                "NO_PROXY": "127.0.0.1",
                **variables,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == expected, f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
        return done.stdout

    def made(self) -> dict[str, Any]:
        return {name: output["value"] for name, output in json.loads(self("output", "-json")).items()}


@pytest.fixture
def configuration() -> Path:
    return CONFIGURATION


@pytest.fixture
def terraform(servers: Servers, tmp_path: Path, configuration: Path) -> Terraform:
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("no terraform: install Terraform 1.11 or newer")
    plugins = os.environ.get(PLUGINS)
    if not plugins:
        pytest.skip(f"no provider for terraform: set {PLUGINS} to a folder that terraform providers mirror made")
    shutil.copy(configuration, tmp_path)
    (tmp_path / "terraform.rc").touch()
    ready = Terraform(program, tmp_path, servers.get("sqlite"))
    ready("init", "-input=false", f"-plugin-dir={plugins}")
    return ready


def sign_in_every_way(live: Live, made: dict[str, Any]) -> None:
    """Jane signs in by each flow that her client has, Kim by those of hers; the ID token says what it said before."""
    plain = MadeClient(made["client"], made["pool"], None)
    full = MadeClient(made["full_client"], made["full_pool"], made["full_secret"])
    by_admin = {"AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": "jane", "PASSWORD": PASSWORD}}
    chosen = {"USERNAME": "jane", "PASSWORD": PASSWORD, "PREFERRED_CHALLENGE": "PASSWORD"}
    passwords = [
        live.sign_in(plain, "jane"),
        live.aws.admin_initiate_auth(UserPoolId=plain.pool_id, ClientId=plain.id, **by_admin)["AuthenticationResult"],
        live.aws.initiate_auth(ClientId=plain.id, AuthFlow="USER_AUTH", AuthParameters=chosen)["AuthenticationResult"],
    ]
    passwords.append(live.refresh(plain, passwords[0]["RefreshToken"]))
    stranger = Stranger(f"{live.base_url}/{plain.pool_id}")
    for tokens in passwords:
        claims = stranger.verified(tokens["IdToken"], audience=plain.id)
        assert ("Jane", "jane@example.com", ["staff"]) == (claims["name"], claims["email"], claims["cognito:groups"])
    for client, name in ((plain, "jane"), (full, "kim@example.com")):
        user = pycognito(live, client, name)
        user.authenticate(password=PASSWORD)
        user.verify_tokens()
        user.update_profile({"nickname": "J"})
    assert live.sign_in(full, "kim@example.com")


def domains_lead_to_their_pools(live: Live, made: dict[str, Any], pages: int) -> None:
    for name, pool in ((made["domain"], made["pool"]), (made["full_domain"], made["full_pool"])):
        assert pool == live.aws.describe_user_pool_domain(Domain=name)["DomainDescription"]["UserPoolId"]
    plain = live.aws.describe_user_pool_domain(Domain=made["domain"])["DomainDescription"]
    assert pages == plain["ManagedLoginVersion"]
    assert urlsplit(live.base_url).hostname == made["full_domain_leads_to"]


def test_terraform_finds_what_it_wrote_and_changes_one_number_alone(terraform: Terraform) -> None:
    terraform("apply", "-auto-approve", minutes=60)
    terraform("plan", "-detailed-exitcode", minutes=60, expected=NOTHING_TO_DO)
    sign_in_every_way(terraform.live, terraform.made())
    domains_lead_to_their_pools(terraform.live, terraform.made(), pages=1)

    terraform("apply", "-auto-approve", minutes=30)

    terraform("plan", "-detailed-exitcode", minutes=30, expected=NOTHING_TO_DO)
    sign_in_every_way(terraform.live, terraform.made())
    domains_lead_to_their_pools(terraform.live, terraform.made(), pages=2)
    changed = terraform.live.aws.describe_user_pool_client(
        UserPoolId=terraform.made()["pool"], ClientId=terraform.made()["client"]
    )["UserPoolClient"]
    assert 30 == changed["AccessTokenValidity"]
    assert not {"ReadAttributes", "WriteAttributes"} & changed.keys()

    terraform("destroy", "-auto-approve", minutes=30)

    with pytest.raises(terraform.live.errors.ResourceNotFoundException):
        terraform.live.aws.describe_user_pool(UserPoolId=changed["UserPoolId"])


@pytest.mark.parametrize("configuration", [OF_IDENTITY_POOLS], ids=["identity_pools"])
def test_terraform_finds_the_identity_pools_that_it_wrote(terraform: Terraform) -> None:
    identity = terraform.live.identity
    terraform("apply", "-auto-approve", minutes=60)
    terraform("plan", "-detailed-exitcode", minutes=60, expected=NOTHING_TO_DO)
    first = terraform.made()

    terraform("apply", "-auto-approve", minutes=30)

    terraform("plan", "-detailed-exitcode", minutes=30, expected=NOTHING_TO_DO)
    full = {"IdentityPoolId": terraform.made()["full"]}
    roles = identity.get_identity_pool_roles(**full)
    tags = identity.get_principal_tag_attribute_map(
        **full, IdentityProviderName=f"cognito-idp.{REGION}.amazonaws.com/{REGION}_abcdefghi:client1"
    )
    assert first == terraform.made()
    assert {"team": "apps", "minutes": "30"} == identity.list_tags_for_resource(ResourceArn=first["arn"])["Tags"]
    assert "30.apps" == identity.describe_identity_pool(**full)["SupportedLoginProviders"]["accounts.google.com"]
    assert ["paid for 30"] == [
        rule["Value"]
        for mapping in roles["RoleMappings"].values()
        for rule in mapping.get("RulesConfiguration", {}).get("Rules", ())
    ]
    assert {"team": "custom:team", "minutes": "custom:minutes30"} == tags["PrincipalTags"]

    terraform("destroy", "-auto-approve", minutes=30)

    with pytest.raises(identity.exceptions.ResourceNotFoundException):
        identity.describe_identity_pool(**full)

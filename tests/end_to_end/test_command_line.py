"""The command line as people and scripts use it: a process, its words, its exit status."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from tests.support.command import MASTER_KEY, PATIENCE, Running, environment, free_port, run, started
from tests.support.served import DIRECT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AWS = Path(sys.executable).with_name("aws")


def read_welcome(process: Running) -> tuple[dict[str, str], dict[str, str]]:
    """The exports, and what else there is, by its name."""
    process.wait_for("Try: aws")
    exports = dict(re.findall(r"export (AWS_\w+)=(\S+)", process.stdout))
    facts = dict(re.findall(r"^  ([a-z ]+?) {2,}(\S+)$", process.stdout, re.MULTILINE))
    return exports, facts


@contextmanager
def developing(folder: Path, port: int, **extra: str) -> Iterator[tuple[Running, dict[str, str], dict[str, str]]]:
    with started("dev", folder=folder, env={"POOLHOUSE_LISTEN": f"127.0.0.1:{port}", **extra}) as process:
        yield process, *read_welcome(process)


def stopped(process: Running) -> int:
    process.process.terminate()
    return process.end()


def aws(*words: str, exports: Mapping[str, str]) -> Any:
    """What the AWS command line answers, with the exports and nothing else."""
    ended = subprocess.run(
        [sys.executable, AWS, *words], env=environment(exports), capture_output=True, timeout=PATIENCE, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def sdk(exports: Mapping[str, str]) -> Any:
    return boto3.client(
        "cognito-idp",
        endpoint_url=exports["AWS_ENDPOINT_URL"],
        aws_access_key_id=exports["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=exports["AWS_SECRET_ACCESS_KEY"],
        region_name=exports["AWS_DEFAULT_REGION"],
        config=Config(retries={"max_attempts": 0}),
    )


# --- dev -------------------------------------------------------------------------------------------------------------


def test_the_exports_of_dev_are_all_that_aws_tools_need(tmp_path: Path) -> None:
    with developing(tmp_path, free_port()) as (process, exports, facts):
        listed = aws("cognito-idp", "list-user-pools", "--max-results", "10", exports=exports)
        client = sdk(exports)
        described = client.describe_user_pool_client(UserPoolId=facts["demo pool"], ClientId=facts["demo client"])
        pool = client.describe_user_pool(UserPoolId=facts["demo pool"])["UserPool"]

        assert [(facts["demo pool"], "demo")] == [(pool["Id"], pool["Name"]) for pool in listed["UserPools"]]
        assert ["email"] == pool["AutoVerifiedAttributes"]
        assert "ClientSecret" not in described["UserPoolClient"]
        assert {"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"} == set(
            described["UserPoolClient"]["ExplicitAuthFlows"]
        )
        assert stopped(process) == 0


def test_every_address_that_dev_prints_answers(tmp_path: Path) -> None:
    import urllib.request

    open_url = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
    with developing(tmp_path, free_port()) as (_, exports, facts):
        base = exports["AWS_ENDPOINT_URL"]
        addresses = [f"{base}/healthz", facts["outbox"], f"{facts['issuer']}/.well-known/openid-configuration"]

        assert [200, 200, 200] == [open_url(address, timeout=PATIENCE).status for address in addresses]


def test_dev_finds_everything_again_after_a_restart(tmp_path: Path) -> None:
    port = free_port()
    with developing(tmp_path, port) as (process, first_exports, first_facts):
        assert stopped(process) == 0
    with developing(tmp_path, port) as (process, exports, facts):
        pools = sdk(exports).list_user_pools(MaxResults=10)["UserPools"]

        assert (first_exports, first_facts) == (exports, facts)
        assert [first_facts["demo pool"]] == [pool["Id"] for pool in pools]
        assert stopped(process) == 0


def test_dev_does_not_make_the_demo_pool_again_once_it_was_deleted(tmp_path: Path) -> None:
    port = free_port()
    with developing(tmp_path, port) as (process, exports, facts):
        sdk(exports).delete_user_pool(UserPoolId=facts["demo pool"])
        assert stopped(process) == 0
    with developing(tmp_path, port) as (process, exports, facts):
        assert sdk(exports).list_user_pools(MaxResults=10)["UserPools"] == []
        assert "demo pool" not in facts
        assert stopped(process) == 0


def test_what_dev_keeps_is_for_its_owner_only(tmp_path: Path) -> None:
    with developing(tmp_path, free_port()) as (process, _, _):
        stopped(process)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}

    assert {"poolhouse.db", "poolhouse.db.master-key", "poolhouse.db.root-key"} <= set(modes)
    assert {0o600} == set(modes.values())


def test_a_store_whose_key_file_was_deleted_is_not_opened_with_a_new_key(tmp_path: Path) -> None:
    with developing(tmp_path, free_port()) as (process, _, _):
        assert stopped(process) == 0
    key = tmp_path / "poolhouse.db.master-key"
    saved = key.read_bytes()
    key.unlink()

    refused = run("dev", folder=tmp_path, env={"POOLHOUSE_LISTEN": f"127.0.0.1:{free_port()}"})

    assert (2, False) == (refused.returncode, key.exists())
    assert "its master key poolhouse.db.master-key is gone" in refused.stderr
    key.write_bytes(saved)
    with developing(tmp_path, free_port()) as (process, _, facts):
        assert "demo pool" in facts
        assert stopped(process) == 0


def test_dev_in_memory_leaves_nothing_behind(tmp_path: Path) -> None:
    with developing(tmp_path, free_port(), POOLHOUSE_STORE="memory:") as (process, _, facts):
        assert facts["store"] == "memory:"
        assert stopped(process) == 0

    assert list(tmp_path.iterdir()) == []


def test_dev_takes_each_file_of_a_folder_for_a_plugin_and_traces_its_calls(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "no_admin.py").write_text(
        "from poolhouse import PreSignUp, Refused, hookimpl\n\n\n@hookimpl\n"
        "async def pre_sign_up(event: PreSignUp) -> None:\n"
        "    if event.username == 'admin':\n        raise Refused('Not this name')\n"
    )
    env = {"POOLHOUSE_LISTEN": f"127.0.0.1:{free_port()}", "POOLHOUSE_STORE": "memory:"}
    words = ("dev", "--plugins-dir", "plugins", "--trace-plugins")
    with started(*words, folder=tmp_path, env=env) as process:
        exports, facts = read_welcome(process)
        client = sdk(exports)
        with pytest.raises(client.exceptions.UserLambdaValidationException, match="Not this name"):
            client.sign_up(ClientId=facts["demo client"], Username="admin", Password="Passw0rd!")
        process.wait_for("pre_sign_up: no-admin refused in ")


def test_dev_is_reachable_by_others_only_where_the_command_line_says_so(tmp_path: Path) -> None:
    ended = run("dev", folder=tmp_path, env={"POOLHOUSE_LISTEN": "0.0.0.0:0", "POOLHOUSE_BASE_URL": "http://localhost"})

    assert ended.returncode == 2
    assert "poolhouse dev --listen 0.0.0.0:0" in ended.stderr


# --- check and plugins -----------------------------------------------------------------------------------------------


def test_check_finds_every_mistake_and_suggests_what_was_meant(tmp_path: Path) -> None:
    (tmp_path / "poolhouse.toml").write_text('[server]\nlisten_on = "x"\nregion = "??"\n[stores]\nurl = "memory:"\n')
    ended = run("check", folder=tmp_path)

    assert ended.returncode == 2
    assert "server.listen_on: there is no such setting; did you mean listen?" in ended.stdout
    assert "[stores]: there is no such section; did you mean store?" in ended.stdout
    assert "server.region: expected a region name" in ended.stdout


def test_check_finds_a_misspelt_table_of_a_plugin_and_suggests_its_name(tmp_path: Path) -> None:
    (tmp_path / "poolhouse.toml").write_text(
        "[plugins.webhok]\na = 1\n"
        '[messages.webhook]\nurl = "https://example.com/"\nsecret = "0123456789abcdef0123456789abcdef"\n'
    )
    ended = run("check", folder=tmp_path, env={"POOLHOUSE_MASTER_KEY": MASTER_KEY})

    assert ended.returncode == 3
    assert "[plugins.webhok] holds settings, and there is no plugin 'webhok', did you mean 'webhook'?" in ended.stdout


def test_check_makes_no_store_and_says_that_all_is_well(tmp_path: Path) -> None:
    ended = run("check", folder=tmp_path, env={"POOLHOUSE_MASTER_KEY": MASTER_KEY})

    assert ended.returncode == 0, ended.stdout
    assert "does not exist yet" in ended.stdout
    assert list(tmp_path.iterdir()) == []


def test_check_pings_the_store(tmp_path: Path) -> None:
    url = f"mongodb://127.0.0.1:{free_port()}/auth?serverSelectionTimeoutMS=200"
    ended = run("check", folder=tmp_path, env={"POOLHOUSE_MASTER_KEY": MASTER_KEY, "POOLHOUSE_STORE": url})

    assert ended.returncode == 4
    assert "WRONG: The store mongodb://127.0.0.1" in ended.stdout


def test_check_contacts_the_mail_server_only_when_asked(tmp_path: Path) -> None:
    (tmp_path / "poolhouse.toml").write_text(
        f'[messages.smtp]\nhost = "127.0.0.1"\nport = {free_port()}\nfrom = "a@example.com"\n'
    )
    env = {"POOLHOUSE_MASTER_KEY": MASTER_KEY}
    unasked, asked = run("check", folder=tmp_path, env=env), run("check", "--connect", folder=tmp_path, env=env)

    assert (0, 1) == (unasked.returncode, asked.returncode)
    assert "not contacted" in unasked.stdout
    assert "does not answer" in asked.stdout


def test_check_says_what_will_not_work_without_a_sender(tmp_path: Path) -> None:
    env = {"POOLHOUSE_MASTER_KEY": MASTER_KEY}
    without = run("check", folder=tmp_path, env=env)
    (tmp_path / "poolhouse.toml").write_text('[messages.smtp]\nhost = "127.0.0.1"\nfrom = "a@example.com"\n')
    with_mail = run("check", folder=tmp_path, env=env)

    assert (0, 0) == (without.returncode, with_mail.returncode)
    assert "nobody can confirm a sign-up" in " ".join(without.stdout.split())
    assert "nothing sends text messages" in without.stdout
    assert "nothing sends e-mail" not in with_mail.stdout
    assert "nothing sends text messages" in with_mail.stdout


def test_check_misses_no_sender_where_there_are_no_user_pools(tmp_path: Path) -> None:
    (tmp_path / "poolhouse.toml").write_text('[server]\nparts = ["identities"]\n')
    checked = run("check", folder=tmp_path, env={"POOLHOUSE_MASTER_KEY": MASTER_KEY})

    assert checked.returncode == 0
    assert "nothing sends" not in checked.stdout


def test_check_tells_of_variables_that_nobody_reads(tmp_path: Path) -> None:
    ended = run("check", folder=tmp_path, env={"POOLHOUSE_MASTER_KEY": MASTER_KEY, "POOLHOUSE_REGOIN": "eu-west-1"})

    assert "did you mean POOLHOUSE_REGION?" in ended.stdout


def test_plugins_shows_each_hook_with_who_implements_it(tmp_path: Path) -> None:
    (tmp_path / "poolhouse.toml").write_text(
        '[messages.webhook]\nurl = "https://example.com/hook"\nsecret = "0123456789abcdef0123456789abcdef"\n'
    )
    ended = run("plugins", "--json", folder=tmp_path)
    hooks = {hook["hook"]: hook for hook in json.loads(ended.stdout)}

    assert {"name": "webhook", "place": ""} in hooks["register_message_senders"]["plugins"]
    assert hooks["pre_sign_up"]["kind"] == "collect"


# --- words and failures ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [(), ("bogus",), ("serve", "--workers", "many"), ("keys", "rotate"), ("users", "create", "p", "n", "--suppress")],
    ids=" ".join,
)
def test_wrong_words_are_told_with_status_2(tmp_path: Path, words: tuple[str, ...]) -> None:
    ended = run(*words, folder=tmp_path)

    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


def test_the_version_is_told(tmp_path: Path) -> None:
    assert re.fullmatch(r"poolhouse \d+\.\d+\.\d+\n", run("--version", folder=tmp_path).stdout)


def test_a_traceback_is_shown_at_the_level_debug_only(tmp_path: Path) -> None:
    env = {"POOLHOUSE_STORE": "sqlite:nowhere/at/all.db", "POOLHOUSE_MASTER_KEY": MASTER_KEY}
    plain = run("keys", "access", "list", folder=tmp_path, env=env)
    debug = run("keys", "access", "list", folder=tmp_path, env={**env, "POOLHOUSE_LOGGING_LEVEL": "debug"})

    assert (4, 4) == (plain.returncode, debug.returncode)
    assert "Traceback" not in plain.stderr
    assert "Traceback" in debug.stderr


# --- keys and users --------------------------------------------------------------------------------------------------

# The same as hashlib.pbkdf2_hmac("sha256", b"Passw0rd!imported", b"salt-of-test", 1000), written as Django writes it.
FOREIGN = "pbkdf2_sha256$1000$salt-of-test$"


def foreign_hash() -> str:
    import base64
    import hashlib

    digest = hashlib.pbkdf2_hmac("sha256", b"Passw0rd!imported", b"salt-of-test", 1000)
    return FOREIGN + base64.b64encode(digest).decode()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[tuple[Path, dict[str, str], dict[str, str], Running]]:
    """A server under way, and a folder from which commands reach its store."""
    with developing(tmp_path, free_port(), POOLHOUSE_OUTBOX=os.fspath(tmp_path / "outbox.jsonl")) as (
        process,
        exports,
        facts,
    ):
        yield tmp_path, exports, facts, process


def sign_in(exports: Mapping[str, str], facts: Mapping[str, str], username: str, password: str) -> Any:
    return sdk(exports).initiate_auth(
        ClientId=facts["demo client"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": password},
    )


def test_the_address_itself_is_a_page_with_links(
    project: tuple[Path, dict[str, str], dict[str, str], Running],
) -> None:
    _, exports, _, _ = project
    base = exports["AWS_ENDPOINT_URL"]
    with DIRECT.open(base) as answer:
        page = answer.read().decode()
    links = re.findall(r'href="([^"]+)"', page)

    assert {"/_dev/demo", "/_dev/outbox", "/readyz", "/metrics"} == set(links)
    for link in links:
        with DIRECT.open(base + link) as answer:
            assert 200 == answer.status


def test_imported_users_sign_in_with_the_password_they_had(
    project: tuple[Path, dict[str, str], dict[str, str], Running],
) -> None:
    folder, exports, facts, _ = project
    lines = [
        {"username": "jane", "attributes": {"email": "jane@example.com"}, "password_hash": foreign_hash()},
        {"username": "nobody", "password_hash": "unknown$format"},
        {"username": "without", "groups": ["staff"]},
    ]
    (folder / "users.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    words = ("users", "import", facts["demo pool"], "users.jsonl", "--create-groups")
    dry = run(*words, "--dry-run", folder=folder)
    first = run(*words, folder=folder)
    again = run(*words, folder=folder)

    assert (1, 1, 1) == (dry.returncode, first.returncode, again.returncode)
    assert "2 would be imported, 0 skipped" in dry.stdout
    assert "2 imported, 0 skipped (they exist), 1 wrong" in first.stdout
    assert "0 imported, 2 skipped (they exist), 1 wrong" in again.stdout
    assert "line 2: password_hash cannot be read: its scheme is unknown here" in first.stderr
    assert "AccessToken" in sign_in(exports, facts, "jane", "Passw0rd!imported")["AuthenticationResult"]
    client = sdk(exports)
    assert client.admin_get_user(UserPoolId=facts["demo pool"], Username="without")["UserStatus"] == "RESET_REQUIRED"
    groups = client.admin_list_groups_for_user(UserPoolId=facts["demo pool"], Username="without")["Groups"]
    assert ["staff"] == [group["GroupName"] for group in groups]


def test_what_was_exported_can_be_imported_and_exported_as_it_was(
    project: tuple[Path, dict[str, str], dict[str, str], Running],
) -> None:
    folder, exports, facts, _ = project
    pool = facts["demo pool"]
    create = (
        "users",
        "create",
        pool,
        "jane",
        "--attribute",
        "email=jane@example.com",
        "--password-stdin",
        "--permanent",
    )
    made = run(*create, folder=folder, given="Passw0rd!of-jane\n")
    exported = run("users", "export", pool, "out.jsonl", folder=folder)
    refused = run("users", "export", pool, "out.jsonl", "--no-hashes", folder=folder)
    client = sdk(exports)
    client.admin_delete_user(UserPoolId=pool, Username="jane")
    imported = run("users", "import", pool, "out.jsonl", folder=folder)
    again = run("users", "export", pool, "-", folder=folder)
    kept = (folder / "out.jsonl").read_text()
    forced = run("users", "export", pool, "out.jsonl", "--no-hashes", "--force", folder=folder)

    assert (1, "out.jsonl exists; --force replaces it.\n") == (refused.returncode, refused.stderr)
    assert (0, 0, 0, 0) == (made.returncode, exported.returncode, imported.returncode, again.returncode)
    assert kept == again.stdout
    assert (0, True) == (forced.returncode, "password_hash" in kept)
    assert "password_hash" not in (folder / "out.jsonl").read_text()
    assert stat.S_IMODE((folder / "out.jsonl").stat().st_mode) == 0o600
    assert "1 password hashes carry the pepper" in exported.stderr
    assert "AccessToken" in sign_in(exports, facts, "jane", "Passw0rd!of-jane")["AuthenticationResult"]


def test_users_are_invited_listed_and_shown(project: tuple[Path, dict[str, str], dict[str, str], Running]) -> None:
    folder, _, facts, process = project
    pool = facts["demo pool"]
    made = run("users", "create", pool, "joe", "--attribute", "email=joe@example.com", folder=folder)
    run("users", "create", pool, "jim", "--suppress", "--password-stdin", folder=folder, given="Passw0rd!of-jim\n")
    listed = run("users", "list", pool, "--filter", 'username ^= "jo"', "--json", folder=folder)
    shown = run("users", "show", pool, "jim", folder=folder)
    unknown = run("users", "show", pool, "jack", folder=folder)

    assert made.stdout.startswith("joe  FORCE_CHANGE_PASSWORD  ")
    assert ["joe"] == [json.loads(line)["username"] for line in listed.stdout.splitlines()]
    assert json.loads(shown.stdout)["status"] == "FORCE_CHANGE_PASSWORD"
    assert "hash" not in shown.stdout.replace("has_password", "")
    assert (1, "User does not exist.\n") == (unknown.returncode, unknown.stderr)
    # The running server sends what the command has put into the outbox.
    process.wait_for("email to joe@example.com")


def test_settings_of_a_client_that_have_no_word_in_the_api_are_kept_through_its_updates(
    project: tuple[Path, dict[str, str], dict[str, str], Running],
) -> None:
    folder, exports, facts, _ = project
    cognito, pool = sdk(exports), facts["demo pool"]
    client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="app")["UserPoolClient"]["ClientId"]
    uri = "https://app.example.com/backchannel_logout"

    changed = run("clients", "set", client, "--backchannel-logout-uri", uri, "--requires-pkce", "no", folder=folder)
    cognito.update_user_pool_client(UserPoolId=pool, ClientId=client, ClientName="renamed")
    shown = run("clients", "show", client, folder=folder)
    wrong = run("clients", "set", client, "--backchannel-logout-uri", "http://app.example.com/", folder=folder)
    nothing = run("clients", "set", client, folder=folder)
    unknown = run("clients", "show", "n0such", folder=folder)
    taken = run("clients", "set", client, "--backchannel-logout-uri", "", folder=folder)

    lines = [f"backchannel-logout-uri   {uri}", "frontchannel-logout-uri", "frontchannel-session     yes"]
    lines += ["asks-consent             no", "requires-pkce            no", "id-token-algorithm"]
    assert lines == changed.stdout.splitlines()
    assert changed.stdout == shown.stdout
    assert [1, 2, 1] == [ended.returncode for ended in (wrong, nothing, unknown)], (wrong, nothing, unknown)
    assert "backchannel-logout-uri" == taken.stdout.splitlines()[0]


def test_an_access_key_does_what_its_policy_says_and_no_more(
    project: tuple[Path, dict[str, str], dict[str, str], Running],
) -> None:
    folder, exports, facts, _ = project
    statement = {"Effect": "Allow", "Action": "cognito-idp:ListUsers", "Resource": "*"}
    (folder / "policy.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    made = run("keys", "access", "create", "--name", "reader", "--policy", "policy.json", folder=folder)
    client = sdk({**exports, **dict(line.split("=") for line in made.stdout.splitlines())})
    users = client.list_users(UserPoolId=facts["demo pool"])["Users"]
    with pytest.raises(client.exceptions.ClientError, match="AccessDeniedException"):
        client.admin_delete_user(UserPoolId=facts["demo pool"], Username="jane")
    listed = run("keys", "access", "list", folder=folder)
    key_id = made.stdout.splitlines()[0].partition("=")[2]
    deleted = run("keys", "access", "delete", key_id, folder=folder)
    again = run("keys", "access", "delete", key_id, folder=folder)

    assert users == []
    assert listed.stdout.startswith(f"{key_id}  reader ")
    assert made.stdout.splitlines()[1].partition("=")[2] not in listed.stdout
    assert (0, 1) == (deleted.returncode, again.returncode)


def test_the_trail_tells_what_keys_and_commands_did(
    project: tuple[Path, dict[str, str], dict[str, str], Running],
) -> None:
    folder, exports, facts, _ = project
    pool = facts["demo pool"]
    run("users", "create", pool, "joe", "--attribute", "email=joe@example.com", folder=folder)
    client = sdk(exports)
    client.admin_disable_user(UserPoolId=pool, Username="joe")
    sub = json.loads(run("users", "show", pool, "joe", folder=folder).stdout)["sub"]
    run("keys", "access", "create", "--name", "reader", "--everything", folder=folder)
    told = run("audit", "--pool", pool, "--user", sub, "--since", "1h", "--json", folder=folder)
    of_server = run("audit", "--pool", "server", folder=folder)
    wrong = run("audit", "--since", "soon", folder=folder)

    by_command, by_key = (json.loads(line) for line in told.stdout.splitlines())
    assert ("user.invited", "command:users create", "") == tuple(by_command[n] for n in ("action", "actor", "source"))
    assert ("user.disabled", f"key:{exports['AWS_ACCESS_KEY_ID']}", "127.0.0.1") == tuple(
        by_key[n] for n in ("action", "actor", "source")
    )
    assert by_key["request_id"]
    assert "access_key.created  by command:keys access create" in of_server.stdout
    assert (2, True) == (wrong.returncode, wrong.stderr.startswith("soon is no instant"))


def test_rotated_keys_are_published_beside_the_old_ones(
    project: tuple[Path, dict[str, str], dict[str, str], Running],
) -> None:
    folder, _, facts, _ = project
    before = run("keys", "list", facts["demo pool"], folder=folder).stdout.splitlines()
    rotated = run("keys", "rotate", "--all", folder=folder)
    after = run("keys", "list", facts["demo pool"], folder=folder).stdout.splitlines()

    assert rotated.stdout.startswith(f"{facts['demo pool']}  new keys; the old ones stay published for 3600 s")
    assert [["access.1", "signs"], ["id.1", "signs"]] == [line.split()[::2][:2] for line in before]
    assert ["access.1", "access.2", "id.1", "id.2"] == [line.split()[0] for line in after]
    assert ["signs", "published", "signs", "published"] == [line.split()[2] for line in after]


def test_a_client_chooses_what_its_id_tokens_are_signed_with(
    project: tuple[Path, dict[str, str], dict[str, str], Running],
) -> None:
    folder, _, facts, _ = project
    client, pool = facts["demo client"], facts["demo pool"]

    chosen = run("clients", "set", client, "--id-token-algorithm", "ES256", folder=folder)
    wrong = run("clients", "set", client, "--id-token-algorithm", "none", folder=folder)
    nothing = run("clients", "set", client, folder=folder)
    listed = run("keys", "list", pool, folder=folder).stdout
    back = run("clients", "set", client, "--id-token-algorithm", "", folder=folder)

    assert "id-token-algorithm       ES256" in chosen.stdout
    assert re.search(r"^id:ES256\.1 +\S+ +published +ES256", listed, re.MULTILINE)
    assert (2, 2) == (wrong.returncode, nothing.returncode)
    assert "RS256, ES256, EdDSA, PS256" in wrong.stderr
    assert "ES256" not in back.stdout

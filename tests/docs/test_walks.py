"""Who types a page as it is printed gets what it says."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.docs.pages import ROOT, blocks, fenced
from tests.docs.table import INSTALLS, NOT_COMPARED, NOT_RUN, WALKED, Begins
from tests.docs.walking import Walk
from tests.support.command import run


@pytest.fixture
def aside(tmp_path: Path) -> Path:
    folder = tmp_path / "aside"
    folder.mkdir()
    return folder


@contextmanager
def begun(page: str, tmp_path: Path, aside: Path, environment: Callable[[], Path]) -> Iterator[Walk]:
    """The walk stands where a reader of the page does. At the end nothing of it runs."""
    begins = WALKED[page]
    folder, checkout, given = tmp_path / "reader", ROOT, {}
    if begins is Begins.EMPTY:
        folder.mkdir()
    else:
        folder = checkout = fresh_checkout(tmp_path / "poolhouse")
    walk = Walk(folder, checkout, aside, given)
    if begins is Begins.EXAMPLE:
        walk.folder = folder / Path(page).parent
        walk.env["PATH"] = f"{environment() / 'bin'}{os.pathsep}{walk.env['PATH']}"
        walk.env["VIRTUAL_ENV"] = str(environment())
    BEFORE.get(page, nothing)(walk)
    try:
        yield walk
    finally:
        walk.end()
        if begins is Begins.EXAMPLE:
            # The next one is tried without it.
            name = Path(page).parent.name.replace("plugin_", "poolhouse_")
            subprocess.run([environment() / "bin/pip", "uninstall", "--quiet", "--yes", name], check=True)


def fresh_checkout(folder: Path) -> Path:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.mark.parametrize("made", ["client/", "plugins/", "master.key"])
def test_what_a_reader_makes_in_a_checkout_is_no_part_of_it(made: str) -> None:
    """A key that is committed by mistake is out; and ``make lint`` looks at what is not ignored."""
    assert made.rstrip("/") in (ROOT / "README.md").read_text(encoding="utf-8")
    assert 0 == subprocess.run(["git", "check-ignore", "--quiet", "--no-index", made], cwd=ROOT, check=False).returncode


def require_installing() -> None:
    if os.environ.get("POOLHOUSE_TEST_INSTALLS") != "1":
        pytest.skip("this installs from package indexes: POOLHOUSE_TEST_INSTALLS=1 lets it")


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """The environment of a server that strangers' plugins are installed into; made when it is asked for. What Poolhouse
    and its tests depend on is there already: the step ``examples`` of .ci/run installs everything anew, each time."""
    folder = tmp_path_factory.mktemp("server") / "environment"

    def made() -> Path:
        if not folder.exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            (own,) = folder.glob("lib/python*/site-packages")
            (own / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
            (folder / "bin/pytest").write_text(
                f'#!/bin/sh\nexec {folder}/bin/python -m pytest "$@"\n', encoding="utf-8"
            )
            (folder / "bin/pytest").chmod(0o755)
        return folder

    return made


# --- what a reader has before the page begins -------------------------------------------------------------------------


def an_old_table(columns: str) -> Callable[[Walk], None]:
    def make(walk: Walk) -> None:
        with closing(sqlite3.connect(walk.folder / "old.db")) as old:
            old.execute(f"CREATE TABLE {columns}")
            old.commit()

    return make


def nothing(_: Walk) -> None:
    """Most pages need nothing."""


def an_invitation(walk: Walk) -> None:
    walk.env["INVITATION_CODE"] = "green door"


BEFORE = {
    "examples/plugin_invite_only/README.md": an_invitation,
    "examples/plugin_migrate_sha1/README.md": an_old_table("users (email, salt, sha1)"),
    "examples/plugin_migrate_sqlite/README.md": an_old_table("members (login, secret, mail, first)"),
}

# --- what has happened before a block ---------------------------------------------------------------------------------


def sdk(walk: Walk) -> Any:
    return boto3.client(
        "cognito-idp",
        endpoint_url=walk.env["AWS_ENDPOINT_URL"],
        region_name=walk.env["AWS_REGION"],
        aws_access_key_id=walk.env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=walk.env["AWS_SECRET_ACCESS_KEY"],
    )


def a_wrong_password(walk: Walk) -> None:
    cognito, pool = sdk(walk), walk.as_here("POOL")
    cognito.admin_create_user(UserPoolId=pool, Username="jane", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username="jane", Password="Corr3ct-Horse!", Permanent=True)
    with pytest.raises(cognito.exceptions.NotAuthorizedException):
        cognito.initiate_auth(
            ClientId=walk.as_here("CLIENT"),
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "jane", "PASSWORD": "wrong"},
        )


def an_app_of_the_web(walk: Walk) -> None:
    sdk(walk).update_user_pool_client(
        UserPoolId=walk.as_here("POOL"),
        ClientId=walk.as_here("CLIENT"),
        CallbackURLs=["https://app.example.com/callback"],
    )


AHEAD = {
    (
        "docs/oidc.md",
        "$ poolhouse clients set CLIENT --backchannel-logout-uri https://app.example.com/backchannel_logout",
    ): an_app_of_the_web,
    (
        "docs/command-line.md",
        "$ poolhouse audit --pool eu-west-1_AbCdEfGhI --since 12h --action sign_in.failed",
    ): a_wrong_password,
}

# --- what must be true behind a block, beside that it ran -------------------------------------------------------------


def only_people_of_the_company_sign_up(walk: Walk) -> None:
    cognito = sdk(walk)
    stranger = {"Name": "email", "Value": "joe@elsewhere.example"}
    with pytest.raises(cognito.exceptions.UserLambdaValidationException, match="Only people of"):
        cognito.sign_up(
            ClientId=walk.as_here("CLIENT"), Username="joe", Password="Corr3ct-Horse!", UserAttributes=[stranger]
        )


BEHIND = {("README.md", 'make run ARGS="--plugins-dir plugins"'): only_people_of_the_company_sign_up}


@pytest.mark.requires_installing
def test_the_readme_of_a_new_plugin_does_what_it_says(tmp_path: Path, aside: Path) -> None:
    require_installing()
    assert run("plugins", "new", "good-names", folder=tmp_path).returncode == 0
    project = tmp_path / "poolhouse-good-names"
    readme = fenced("README.md of a new plugin", (project / "README.md").read_text(encoding="utf-8"))
    settings = [block for block in readme if block.language == "toml"]
    walk = Walk(project, ROOT, aside)

    # The settings stand before what installs the plugin that has them.
    for block in [block for block in readme if block not in settings] + settings:
        walk.take(block)

    assert ["toml", "sh"] == [block.language for block in readme]


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=pytest.mark.requires_installing if page in INSTALLS else ()) for page in WALKED]
)
def test_a_page_does_what_it_says(page: str, tmp_path: Path, aside: Path, environment: Callable[[], Path]) -> None:
    if page in INSTALLS:
        require_installing()
    with begun(page, tmp_path, aside, environment) as walk:
        for block in blocks(page):
            named = (page, block.head)
            if named not in NOT_RUN:
                AHEAD.get(named, nothing)(walk)
                walk.take(block, compares=named not in NOT_COMPARED)
                BEHIND.get(named, nothing)(walk)

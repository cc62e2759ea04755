"""Settings from file, environment and command line."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from poolhouse.config.addresses import Listen
from poolhouse.config.loading import load_settings
from poolhouse.config.settings import SECTIONS, Settings
from poolhouse.config.values import Secret, SettingsError

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    monkeypatch.chdir(tmp_path)

    def loaded(toml: str = "", environment: Mapping[str, str] | None = None, **more: Any) -> Settings:
        (tmp_path / "poolhouse.toml").write_text(toml, encoding="utf-8")
        return load_settings(environment or {}, **more)

    return loaded


def problems(load: Load, *arguments: Any, **more: Any) -> str:
    with pytest.raises(SettingsError) as refused:
        load(*arguments, **more)
    return "\n".join(refused.value.problems)


def test_without_any_setting_the_server_listens_on_this_machine_only(load: Load) -> None:
    settings = load()

    assert Listen("127.0.0.1", 8080) == settings.server.listen
    assert "http://127.0.0.1:8080" == settings.server.base_url
    assert ("us-east-1", "000000000000") == (settings.server.region, settings.server.account_id)
    assert ("sqlite", "sqlite:poolhouse.db") == (settings.store.kind, settings.store.url.reveal())
    assert (19456, 2, 1) == (settings.passwords.memory_kib, settings.passwords.passes, settings.passwords.lanes)
    assert (None, None, None) == (settings.master.key, settings.root.access_key_id, settings.messages.outbox)
    assert not settings.dev.enabled
    assert () == settings.warnings


def test_no_file_at_all_is_no_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert load_settings({}) == load_settings({}, path=None)


def test_the_file_sets_every_kind_of_value(load: Load) -> None:
    settings = load(
        """
        [server]
        listen = "[::1]:9000"
        base_url = "https://Auth.Example.com/"
        grace = 2.5
        trusted_proxies = ["10.0.0.0/8", "::1"]
        [store]
        url = "mongodb+srv://user:pw@db.example.com/poolhouse"
        [plugins]
        order = ["b", "a"]
        enabled = []
        limits = { a = 0.5 }
        [plugins.a]
        depth = { deeper = [1, 2] }
        [messages.smtp]
        host = "mail.example.com"
        [dev]
        demo = false
        """
    )

    assert Listen("::1", 9000) == settings.server.listen
    assert "[::1]:9000" == str(settings.server.listen)
    assert "https://auth.example.com" == settings.server.base_url
    assert 2.5 == settings.server.grace
    assert (ip_network("10.0.0.0/8"), ip_network("::1")) == settings.server.trusted_proxies
    assert "mongodb" == settings.store.kind
    assert (("b", "a"), (), {"a": 0.5}) == (settings.plugins.order, settings.plugins.enabled, settings.plugins.limits)
    assert {"depth": {"deeper": [1, 2]}} == settings.plugins.table("a")
    assert {} == settings.plugins.table("b")
    assert {"host": "mail.example.com"} == settings.messages.smtp
    assert settings.dev.demo is False


def test_the_names_that_automation_relies_on_are_read_from_the_environment(load: Load) -> None:
    settings = load(
        environment={
            "POOLHOUSE_LISTEN": "0.0.0.0:80",
            "POOLHOUSE_BASE_URL": "https://auth.example.com",
            "POOLHOUSE_STORE": "memory:",
            "POOLHOUSE_MASTER_KEY": "k" * 64,
            "POOLHOUSE_ROOT_ACCESS_KEY_ID": "AKIAROOT",
            "POOLHOUSE_ROOT_SECRET_ACCESS_KEY": "a-long-enough-secret",
            "POOLHOUSE_OUTBOX": "outbox.jsonl",
            "POOLHOUSE_REGION": "eu-central-1",
            "POOLHOUSE_ACCOUNT_ID": "123456789012",
        }
    )

    assert Listen("0.0.0.0", 80) == settings.server.listen
    assert "https://auth.example.com" == settings.server.base_url
    assert "memory" == settings.store.kind
    assert settings.master.key is not None
    assert "k" * 64 == settings.master.key.reveal()
    assert "AKIAROOT" == settings.root.access_key_id
    assert settings.root.secret_access_key is not None
    assert "a-long-enough-secret" == settings.root.secret_access_key.reveal()
    assert "outbox.jsonl" == settings.messages.outbox
    assert ("eu-central-1", "123456789012") == (settings.server.region, settings.server.account_id)
    assert () == settings.warnings
    assert "keys" == load(environment={"POOLHOUSE_MASTER_KEY_FILE": "keys"}).master.key_file


def test_the_environment_is_over_the_file_and_the_command_line_over_both(load: Load) -> None:
    toml, environment = (
        "[server]\nthreads = 1\nqueue = 1\ngrace = 1",
        {
            "POOLHOUSE_SERVER_THREADS": "2",
            "POOLHOUSE_SERVER_QUEUE": "2",
        },
    )

    server = load(toml, environment, overrides={"server.queue": 3, "server.threads": None}).server

    assert (2, 3, 1.0) == (server.threads, server.queue, server.grace)


def test_lists_and_switches_can_come_from_the_environment(load: Load) -> None:
    settings = load(
        environment={
            "POOLHOUSE_PLUGINS_BLOCKED": "a, b",
            "POOLHOUSE_DEV_DEMO": "No",
            "POOLHOUSE_LIMITS_PLUGIN": "0.25",
            "POOLHOUSE_LOGGING_FORMAT": "Console",
        }
    )

    assert ("a", "b") == settings.plugins.blocked
    assert settings.dev.demo is False
    assert 0.25 == settings.limits.plugin
    assert "console" == settings.logging.format


def test_an_empty_variable_counts_as_none(load: Load) -> None:
    assert load(environment={"POOLHOUSE_OUTBOX": "", "POOLHOUSE_LISTEN": ""}) == load()


def test_values_can_be_fetched_from_elsewhere(load: Load, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")

    settings = load(
        f"""
        [root]
        access_key_id = "AKIAROOT"
        secret_access_key = {{ env = "ELSEWHERE" }}
        [plugins.sms]
        tokens = [{{ file = "{tmp_path / "token"}" }}]
        """,
        {"ELSEWHERE": "from-environment"},
    )

    assert settings.root.secret_access_key is not None
    assert "from-environment" == settings.root.secret_access_key.reveal()
    assert {"tokens": ["from-file"]} == settings.plugins.table("sms")


def test_another_file_is_named_by_the_environment_or_the_caller(load: Load, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("[server]\nthreads = 7")

    assert 7 == load("", {"POOLHOUSE_CONFIG": str(other)}).server.threads
    assert 7 == load("", path=other).server.threads
    assert "cannot be read" in problems(load, "", path=tmp_path / "none.toml")
    assert "is not TOML" in problems(load, "[server")


def test_all_problems_are_told_at_once_each_by_its_name(load: Load) -> None:
    told = problems(
        load,
        """
        [sever]
        [server]
        lisen = "x"
        threads = "many"
        [plugins]
        ordr = ["a"]
        [dev]
        demo = 1
        """,
        {"POOLHOUSE_REGION": "no region!"},
    )

    assert told.splitlines() == [
        "[sever]: there is no such section; did you mean server?",
        "server.lisen: there is no such setting; did you mean listen?",
        "server.region (from POOLHOUSE_REGION): expected a region name, such as us-east-1",
        "server.threads: expected a whole number from 0 to 256",
        "plugins.ordr: expected a table; did you mean order?",
        "dev.demo: expected true or false",
    ]


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("server = 1", "server: expected a table, [server]"),
        ("[server]\nlisten = 'localhost'", "server.listen: expected host:port"),
        ("[server]\nlisten = '::1:80'", "server.listen: expected host:port"),
        ("[server]\nlisten = 'localhost:99999'", "server.listen: expected host:port"),
        ("[server]\ntrusted_proxies = ['10.0.0.1/8']", "server.trusted_proxies: expected addresses"),
        ("[server]\naccount_id = '12345'", "server.account_id: expected a text of 12 digits"),
        ("[server]\nthreads = true", "server.threads: expected a whole number"),
        ("[store]\nurl = 'postgres://x'", "store.url: expected memory:"),
        ("[store]\nurl = 'sqlite:'", "store.url: expected memory:"),
        ("[logging]\nlevel = 'loud'", "logging.level: expected one of"),
        ("[passwords]\nmemory_kib = 8\nlanes = 2", "passwords.memory_kib: expected at least 8 for each lane"),
        ("[plugins]\nlimits = { a = 'x' }", "plugins.limits: expected a number of seconds"),
        ("[plugins]\norder = [1]", "plugins.order: expected a list of texts"),
        ("[plugins]\nenabled = 7", "plugins.enabled: expected a list of texts"),
        ("[messages]\nsmtp = 'x'", "messages.smtp: expected a table"),
        ("[root]\naccess_key_id = 'x'", "both or neither"),
        ("[root]\nsecret_access_key = ''", "root.secret_access_key: expected a text that is not empty"),
        ("[master]\nkey = 'x'\nkey_file = 'y'", "only one of them"),
        ("[plugins.a]\nx = { env = 'NOT_SET' }", "plugins.a: expected the environment variable NOT_SET to be set"),
        ("[root]\naccess_key_id = { file = 'none' }", "root.access_key_id: expected a readable file at none"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(load: Load, toml: str, told: str) -> None:
    assert told in problems(load, toml)


def test_two_names_of_one_setting_may_not_disagree(load: Load) -> None:
    told = problems(load, "", {"POOLHOUSE_LISTEN": "127.0.0.1:1", "POOLHOUSE_SERVER_LISTEN": "127.0.0.1:2"})

    assert "server.listen: POOLHOUSE_LISTEN and POOLHOUSE_SERVER_LISTEN disagree" == told


def test_a_mistyped_variable_is_warned_of_and_a_foreign_one_is_not(load: Load) -> None:
    settings = load(
        environment={
            "POOLHOUSE_MASTERKEY": "x",
            "POOLHOUSE_PORT_8080_TCP": "tcp://10.0.0.1",
            "POOLHOUSE_SERVICE_HOST": "10.0.0.1",
            "POOLHOUSE_TEST_X": "1",
            "OTHER": "1",
        }
    )

    assert (
        "POOLHOUSE_MASTERKEY is set, and no setting has this name; did you mean POOLHOUSE_MASTER_KEY?",
    ) == settings.warnings


# --- the base URL ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "auth.example.com",
        "//auth.example.com",
        "ftp://auth.example.com",
        "https://",
        "https://auth.example.com/path",
        "https://auth.example.com/?",
        "https://auth.example.com?x=1",
        "https://auth.example.com#top",
        "https://user@auth.example.com",
        "https://auth.example.com:port",
        "https://auth.example.com:99999",
        "https://auth example.com",
        "https://auth.example.com\\evil",
        "https://[::1",
        "https://-auth.example.com",
        "javascript://auth.example.com",
        "",
    ],
)
def test_a_base_url_is_an_origin_and_nothing_else(load: Load, url: str) -> None:
    assert "server.base_url: expected an absolute URL" in problems(load, f"[server]\nbase_url = '{url}'")


@pytest.mark.parametrize(
    "url",
    ["http://localhost:8080", "http://127.0.0.1", "http://[::1]:80", "http://a.localhost", "https://10.0.0.1:8443"],
)
def test_plain_http_is_for_this_machine(load: Load, url: str) -> None:
    assert url == load(f"[server]\nbase_url = '{url}'").server.base_url


@pytest.mark.parametrize("host", ["auth.example.com", "10.0.0.1", "localhost.example.com", "127.0.0.1.nip.io"])
def test_plain_http_to_other_machines_is_refused_outside_development(load: Load, host: str) -> None:
    toml = f"[server]\nbase_url = 'http://{host}'"

    assert "server.base_url: expected https" in problems(load, toml)
    assert f"http://{host}" == load(toml, dev=True).server.base_url


@pytest.mark.parametrize("listen", ["0.0.0.0:80", "[::]:80", "10.0.0.1:80", "127.0.0.1:0"])
def test_a_base_url_is_needed_where_it_cannot_be_known(load: Load, listen: str) -> None:
    assert "server.base_url: needed" in problems(load, f"[server]\nlisten = '{listen}'")


def test_development_calls_itself_localhost(load: Load) -> None:
    settings = load(environment={"POOLHOUSE_LISTEN": "0.0.0.0:8080"}, dev=True)

    assert "http://localhost:8080" == settings.server.base_url
    assert settings.dev.enabled


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_no_secret_shows_itself(load: Load) -> None:
    settings = load(
        """
        [store]
        url = "mongodb://user:hidden@db/poolhouse"
        [plugins.sms]
        token = "hidden"
        [messages.smtp]
        password = "hidden"
        """,
        {
            "POOLHOUSE_MASTER_KEY": "hidden",
            "POOLHOUSE_ROOT_ACCESS_KEY_ID": "AKIAROOT",
            "POOLHOUSE_ROOT_SECRET_ACCESS_KEY": "hidden",
        },
    )
    shown = f"{settings!r} {settings} {settings.warnings} {settings.store.url}"

    assert "hidden" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(settings.store.url)


def test_a_wrong_value_is_not_repeated_in_the_problem(load: Load) -> None:
    told = problems(load, "[store]\nurl = 'hidden'\n[server]\nthreads = 'hidden'", {"POOLHOUSE_LISTEN": "hidden"})

    assert 3 == len(told.splitlines())
    assert "hidden" not in told


def test_a_weak_root_secret_and_cheap_hashes_are_warned_of(load: Load) -> None:
    toml = "[root]\naccess_key_id = 'a'\nsecret_access_key = 'guessed'\n[passwords]\nmemory_kib = 8"

    assert 2 == len(load(toml).warnings)
    assert () == load(toml, dev=True).warnings


def test_an_empty_secret_is_false_and_a_filled_one_true() -> None:
    assert (False, True) == (bool(Secret("")), bool(Secret("x")))


def test_reading_settings_imports_nothing_heavy() -> None:
    code = (
        "import sys; import poolhouse.config.loading, poolhouse.config.master_key; "
        "print(sorted({name.partition('.')[0] for name in sys.modules} "
        "& {'cryptography', 'argon2', 'gmpy2', 'aiohttp', 'asyncio', 'jose', 'difflib', 'botocore'}))"
    )

    assert (
        "[]" == subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    )


def test_every_section_has_a_place_in_the_settings() -> None:
    assert set(SECTIONS) | {"warnings"} == set(Settings.__dataclass_fields__)

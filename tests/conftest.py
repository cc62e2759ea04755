"""The rules for every test: the network is shut, nobody's own settings are seen, and a skip can be forbidden."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections import Counter
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

FORBIDS_SKIPS = os.environ.get("POOLHOUSE_TEST_FORBID_SKIPS") == "1"

# What would let a machine's own settings or credentials decide a test. POOLHOUSE_TEST_* speaks to the tests themselves.
FOREIGN = ("AWS_", "POOLHOUSE_", "TWILIO_")
LOOPBACK = "127.0.0.1,::1,localhost,.localhost"

# --- the network is shut ---------------------------------------------------------------------------------------------


class NetworkIsShut(RuntimeError):  # noqa: N818 - read as a statement
    """A test reached for a machine that is not this one. Give the code under test a port it can be tested through."""


def stays_here(host: object) -> bool:
    """The name or address can only mean this machine. An empty one does not: for a server it means everybody."""
    if isinstance(host, bytes | bytearray):
        host = bytes(host).decode("ascii", "replace")
    if not isinstance(host, str):
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def is_address(host: object) -> bool:
    """Looking it up asks nobody."""
    if host is None or host in ("", b""):
        return True
    try:
        ipaddress.ip_address(str(host.decode() if isinstance(host, bytes) else host).partition("%")[0])
    except ValueError:
        return False
    return True


def shut_network(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook, because it sees what every library of this process does with the socket module. uvloop has sockets
    of its own: tests run on asyncio's loop."""
    if event in ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        # Anything but a tuple is a socket in the file system, or a connected socket without an address.
        if isinstance(address, tuple) and isinstance(address[0], str) and not stays_here(address[0]):
            raise NetworkIsShut(f"{event} to {address[0]!r}")
    elif event == "socket.getaddrinfo":
        host = arguments[0]
        if not (is_address(host) or stays_here(host)):
            raise NetworkIsShut(f"{event} of {host!r}")


def pytest_configure() -> None:
    # It stays for the life of the process: an audit hook cannot be taken away, which is the point of one.
    sys.addaudithook(shut_network)


# --- nobody's own settings are seen ----------------------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The tests and the processes they start see no setting and no credential of this machine, and no proxy stands
    between them and their servers."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as environment:
        for name in list(os.environ):
            if name.startswith(FOREIGN) and not name.startswith("POOLHOUSE_TEST_"):
                environment.delenv(name)
        # Hundreds of processes are started, and each would compile all of Poolhouse: a quarter of what its start costs.
        environment.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        environment.setenv("AWS_CONFIG_FILE", str(home / "aws-config"))
        environment.setenv("AWS_SHARED_CREDENTIALS_FILE", str(home / "aws-credentials"))
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        for name in ("NO_PROXY", "no_proxy"):
            environment.setenv(name, LOOPBACK)
        yield


# --- a skip can be forbidden -----------------------------------------------------------------------------------------


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why it was skipped."""
    said = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return said.removeprefix("Skipped: ")


def forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """A skipped report is a failed one. An expected failure is not a skip."""
    if FORBIDS_SKIPS and report.skipped and not hasattr(report, "wasxfail"):
        reason = reason_of(report)
        report.outcome = "failed"
        report.longrepr = f"POOLHOUSE_TEST_FORBID_SKIPS=1, and this was skipped: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    forbid_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    forbid_skip(report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Each reason for skipping is said once, with the number of tests: a hundred lines would hide the second reason."""
    reasons = Counter(reason_of(report) for report in terminalreporter.getreports("skipped"))
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"SKIPPED {count} tests: {reason}", yellow=True)

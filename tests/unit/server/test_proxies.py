"""Where a request comes from: forwarded headers count behind the operator's own proxies, and only there."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from multidict import CIMultiDict

from poolhouse.server.proxies import asked_hosts, source_address

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def source(peer: str | None, *headers: tuple[str, str]) -> str:
    return source_address(peer, CIMultiDict(headers), TRUSTED)


def xff(value: str) -> tuple[str, str]:
    return ("X-Forwarded-For", value)


def forwarded(value: str) -> tuple[str, str]:
    return ("Forwarded", value)


@pytest.mark.parametrize("header", [xff("127.0.0.1"), forwarded("for=127.0.0.1"), ("X-Real-IP", "127.0.0.1")])
def test_a_stranger_cannot_say_where_it_comes_from(header: tuple[str, str]) -> None:
    assert "198.51.100.7" == source("198.51.100.7", header)


def test_without_trusted_proxies_the_peer_is_the_source() -> None:
    assert "10.0.0.1" == source_address("10.0.0.1", CIMultiDict([xff("192.0.2.1")]), ())


def test_a_trusted_proxy_says_who_its_peer_was() -> None:
    assert "192.0.2.1" == source("10.0.0.1", xff("192.0.2.1"))
    assert "192.0.2.1" == source("10.0.0.1", forwarded("for=192.0.2.1;proto=https;by=10.0.0.1"))


def test_what_a_client_put_before_the_proxys_word_is_not_believed() -> None:
    assert "192.0.2.1" == source("10.0.0.1", xff("127.0.0.1, 10.0.0.9, 192.0.2.1"))
    assert "192.0.2.1" == source("10.0.0.1", forwarded("for=127.0.0.1, for=192.0.2.1"))


def test_several_proxies_are_passed_from_the_right() -> None:
    assert "192.0.2.1" == source("10.0.0.1", xff("127.0.0.1, 192.0.2.1, 10.0.0.3, 10.0.0.2"))
    assert "192.0.2.1" == source("10.0.0.1", xff("127.0.0.1, 192.0.2.1"), xff("10.0.0.2"))
    assert "192.0.2.1" == source("10.0.0.1", forwarded("for=192.0.2.1"), forwarded('for="10.0.0.2:4711"'))


def test_where_everybody_is_trusted_the_first_is_the_source() -> None:
    assert "10.0.0.3" == source("10.0.0.1", xff("10.0.0.3, 10.0.0.2"))


@pytest.mark.parametrize("entry", ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:443", "2001:DB8:0::1"])
def test_ipv6_addresses_are_read_with_and_without_brackets_and_ports(entry: str) -> None:
    assert "2001:db8::1" == source("fd00::1", xff(entry))
    assert "2001:db8::1" == source("fd00::1", forwarded(f'FOR="{entry}"'))


def test_an_ipv4_address_in_ipv6_clothes_is_that_ipv4_address() -> None:
    assert "192.0.2.1" == source("::ffff:10.0.0.1", xff("::ffff:192.0.2.1"))
    assert "198.51.100.7" == source("::ffff:198.51.100.7", xff("192.0.2.1"))


@pytest.mark.parametrize("entry", ["unknown", "_hidden", "", "999.1.1.1", "fe80::1%eth0", "10.0.0.2.evil", "1.2.3.4/8"])
def test_what_is_no_address_ends_the_reading_at_who_passed_it_on(entry: str) -> None:
    assert "10.0.0.2" == source("10.0.0.1", xff(f"192.0.2.1, {entry}, 10.0.0.2"))
    assert "10.0.0.2" == source("10.0.0.1", forwarded(f'for=192.0.2.1, for="{entry}", for=10.0.0.2'))


@pytest.mark.parametrize(
    "sent",
    ['for="', 'for=127.0.0.1, for="', 'for=127.0.0.1, x="\\', 'for=", for=127.0.0.1, x="', "for=127.0.0.1;"],
)
@pytest.mark.parametrize("added", ["for=192.0.2.1", 'for="192.0.2.1:80"'])
def test_no_quote_makes_a_clients_word_the_proxys(sent: str, added: str) -> None:
    assert source("10.0.0.1", forwarded(sent), forwarded(added)) in ("192.0.2.1", "10.0.0.1")


def test_an_element_that_says_two_things_says_nothing() -> None:
    assert "10.0.0.1" == source("10.0.0.1", forwarded("for=127.0.0.1;for=192.0.2.1"))


def test_of_two_headers_that_differ_neither_is_believed() -> None:
    assert "10.0.0.1" == source("10.0.0.1", xff("192.0.2.1"), forwarded("for=127.0.0.1"))
    assert "192.0.2.1" == source("10.0.0.1", xff("192.0.2.1"), forwarded("for=192.0.2.1"))


@pytest.mark.parametrize(("peer", "expected"), [(None, ""), ("", ""), ("/run/poolhouse.sock", "/run/poolhouse.sock")])
def test_a_peer_without_an_address_is_no_trusted_proxy(peer: str | None, expected: str) -> None:
    assert expected == source(peer, xff("192.0.2.1"))


def hosts(trusted: bool = True, **headers: str | list[str]) -> tuple[str, ...]:
    given = CIMultiDict[str]()
    for name, values in headers.items():
        for value in [values] if isinstance(values, str) else values:
            given.add(name.replace("_", "-"), value)
    return tuple(asked_hosts("10.0.0.1", given, (ip_network("10.0.0.0/8"),) if trusted else ()))


@pytest.mark.parametrize(
    ("said", "host"),
    [
        ("a.example", "a.example"),
        ("A.Example:8443", "a.example"),
        ("a.example.", "a.example"),
        ("a.example.:80", "a.example"),
        ("[::1]:8080", "[::1]"),
        ("127.0.0.1:1", "127.0.0.1"),
        ("localhost", "localhost"),
    ],
)
def test_a_host_is_told_without_case_and_port(said: str, host: str) -> None:
    assert (host,) == hosts(Host=said)


@pytest.mark.parametrize(
    "said", ["", "a b", "a/b", "a@b", "a,b", "a:80:80", "a:", "ä.example", "a\t", "x" * 300, "a:123456", "%61", "[::1"]
)
def test_what_is_no_host_is_none(said: str) -> None:
    assert () == hosts(Host=said)
    if said not in ("a,b", "a\t"):  # a list, and a space around an entry
        assert () == hosts(X_Forwarded_Host=said)


def test_two_hosts_are_none() -> None:
    assert () == hosts(Host=["a.example", "a.example"])
    assert () == hosts()


def test_the_host_that_a_proxy_tells_comes_after_the_one_that_it_passed_on() -> None:
    assert ("a", "b") == hosts(Host="a", X_Forwarded_Host="b")
    assert ("a", "b") == hosts(Host="a", Forwarded='for=192.0.2.1;host="b:443"')
    assert ("a",) == hosts(trusted=False, Host="a", X_Forwarded_Host="b", Forwarded="host=b")


def test_of_several_entries_the_nearest_proxy_wrote_the_last() -> None:
    assert ("b",) == hosts(X_Forwarded_Host=["evil", "b"]) == hosts(X_Forwarded_Host="evil, b")
    assert ("b",) == hosts(Forwarded="host=evil, for=192.0.2.1;host=b")


def test_a_proxy_that_tells_two_hosts_is_not_believed() -> None:
    assert ("a",) == hosts(Host="a", X_Forwarded_Host="b", Forwarded="host=c")
    assert ("a", "b") == hosts(Host="a", X_Forwarded_Host="b", Forwarded="host=b")
    assert ("a", "b") == hosts(Host="a", X_Forwarded_Host="b", Forwarded="for=192.0.2.1")

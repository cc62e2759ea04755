"""Settings read from a TOML file, with the environment over it and the command line over both. All problems at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import Field, fields, replace
from pathlib import Path
from typing import Any

from poolhouse.config.addresses import is_loopback
from poolhouse.config.settings import SECTIONS, Passwords, Plugins, Root, Server, Settings, Triggers
from poolhouse.config.values import SettingsError, Wrong, from_elsewhere, table

PREFIX = "POOLHOUSE_"
DEFAULT_FILE = "poolhouse.toml"

# What other programs put into the environment of a service that is called "poolhouse" (container orchestrators), and
# the switches of our own test run.
FOREIGN = ("SERVICE_", "PORT", "TEST_")

WEAK_SECRET = 16
OWASP_MEMORY_KIB = 7168


def load_settings(
    environment: Mapping[str, str],
    *,
    path: Path | None = None,
    dev: bool = False,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """The settings. Raises ``SettingsError`` with every problem that was found.

    The file is ``path``, or what ``POOLHOUSE_CONFIG`` names, or ``poolhouse.toml`` in the working folder if there is
    one. ``overrides`` are what the command line says, as in ``{"server.listen": "127.0.0.1:9000"}``; None means not
    said.
    """
    return _Loading(environment, overrides or {}, dev).load(path)


class _Loading:
    def __init__(self, environment: Mapping[str, str], overrides: Mapping[str, Any], dev: bool) -> None:
        self._environment = environment
        self._overrides = overrides
        self._dev = dev
        self._problems: list[str] = []
        self._warnings: list[str] = []

    def load(self, path: Path | None) -> Settings:
        document = self._document(path)
        self._complain_of_unknown("", document, SECTIONS)
        sections = {name: self._section(name, document.get(name, {})) for name in SECTIONS}
        self._warn_of_unknown_variables()
        if self._problems:
            raise SettingsError(self._problems)
        settings = self._checked(Settings(**sections))
        if self._problems:
            raise SettingsError(self._problems)
        return replace(settings, warnings=tuple(self._warnings))

    def _document(self, path: Path | None) -> dict[str, Any]:
        named = path or (
            Path(self._environment[PREFIX + "CONFIG"]) if self._environment.get(PREFIX + "CONFIG") else None
        )
        file = named or Path(DEFAULT_FILE)
        if named is None and not file.exists():
            return {}
        try:
            return tomllib.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError([f"the settings file {file} cannot be read: {error.strerror}"]) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError([f"the settings file {file} is not TOML: {error}"]) from None

    def _section(self, name: str, given: Any) -> Any:
        if not isinstance(given, Mapping):
            self._problems.append(f"{name}: expected a table, [{name}]")
            given = {}
        kind = SECTIONS[name]
        if kind is Triggers:
            given = {"functions": given} if given else {}
        readable = {item.name: item for item in fields(kind) if "reader" in item.metadata}
        values: dict[str, Any] = {}
        if kind is Plugins:
            values["tables"] = self._plugin_tables({key: given[key] for key in given if key not in readable}, readable)
        else:
            self._complain_of_unknown(name, given, readable)
        for item in readable.values():
            self._read(name, item, given, values)
        if name == "dev":
            values["enabled"] = self._dev
        return kind(**values)

    def _read(self, section: str, item: Field[Any], given: Mapping[str, Any], values: dict[str, Any]) -> None:
        source, raw = self._raw(section, item, given)
        if raw is None:
            return
        try:
            values[item.name] = item.metadata["reader"](raw if source else from_elsewhere(raw, self._environment))
        except Wrong as wrong:
            # The value itself is not shown: it may be a secret in the wrong place.
            self._problems.append(f"{section}.{item.name}{source}: expected {wrong}")

    def _raw(self, section: str, item: Field[Any], given: Mapping[str, Any]) -> tuple[str, Any]:
        """Where the value was found (empty: in the file), and the value; None where nothing says it."""
        said = self._overrides.get(f"{section}.{item.name}")
        if said is not None:
            return " (from the command line)", said
        # An empty variable counts as none: that is how compose files leave one out.
        found = [name for name in _variables(section, item) if self._environment.get(name)]
        if len({self._environment[name] for name in found}) > 1:
            self._problems.append(f"{section}.{item.name}: {' and '.join(found)} disagree")
        if found:
            return f" (from {found[0]})", self._environment[found[0]]
        return "", given.get(item.name)

    def _plugin_tables(self, given: Mapping[str, Any], settings: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        tables = {}
        for name, value in given.items():
            try:
                tables[name] = from_elsewhere(table(value), self._environment)
            except Wrong as wrong:
                hint = _suggestion(name, settings) if not isinstance(value, Mapping) else ""
                self._problems.append(f"plugins.{name}: expected {wrong}{hint}")
        return tables

    def _complain_of_unknown(self, section: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
        for name in given:
            if name not in set(known):
                shown = f"{section}.{name}" if section else f"[{name}]"
                self._problems.append(
                    f"{shown}: there is no such {'setting' if section else 'section'}{_suggestion(name, known)}"
                )

    def _warn_of_unknown_variables(self) -> None:
        known = {PREFIX + "CONFIG"}
        for section, kind in SECTIONS.items():
            known.update(
                name for item in fields(kind) if "reader" in item.metadata for name in _variables(section, item)
            )
        for name in sorted(self._environment):
            if name.startswith(PREFIX) and name not in known and not name[len(PREFIX) :].startswith(FOREIGN):
                self._warnings.append(f"{name} is set, and no setting has this name{_suggestion(name, known)}")

    def _checked(self, settings: Settings) -> Settings:
        self._check_root(settings.root)
        self._check_costs(settings.passwords)
        if settings.master.key and settings.master.key_file:
            self._problems.append("master.key and master.key_file: only one of them can be given")
        return replace(settings, server=self._with_base_url(settings.server))

    def _check_root(self, root: Root) -> None:
        if (root.access_key_id is None) != (root.secret_access_key is None):
            self._problems.append("root.access_key_id and root.secret_access_key: both or neither")
        if root.secret_access_key and len(root.secret_access_key.reveal()) < WEAK_SECRET and not self._dev:
            self._warnings.append(f"root.secret_access_key has fewer than {WEAK_SECRET} characters and can be guessed")

    def _check_costs(self, costs: Passwords) -> None:
        if costs.memory_kib < 8 * costs.lanes:
            self._problems.append("passwords.memory_kib: expected at least 8 for each lane")
        if costs.memory_kib < OWASP_MEMORY_KIB and not self._dev:
            self._warnings.append(f"passwords.memory_kib is below {OWASP_MEMORY_KIB}: hashes are cheap to attack")

    def _with_base_url(self, server: Server) -> Server:
        """The server with its base URL: made of the listening address where that is this machine's own."""
        if not server.base_url:
            url = self._local_url(server)
            if url is None:
                self._problems.append(
                    "server.base_url: needed where the server listens on more than this machine, or on a port that the "
                    "system chooses; it is the address that browsers and clients use"
                )
                return server
            return replace(server, base_url=url)
        scheme, _, rest = server.base_url.partition("://")
        if scheme == "http" and not self._dev and not is_loopback(_host_of(rest)):
            self._problems.append("server.base_url: expected https, unless the host is this machine")
        return server

    def _local_url(self, server: Server) -> str | None:
        if server.listen.port == 0:
            return None
        if is_loopback(server.listen.host):
            return f"http://{server.listen}"
        return f"http://localhost:{server.listen.port}" if self._dev else None


def _variables(section: str, item: Field[Any]) -> tuple[str, ...]:
    """The names of a setting in the environment, the short one first."""
    long = f"{PREFIX}{section.upper()}_{item.name.upper()}"
    short = item.metadata.get("short")
    return (PREFIX + short, long) if short else (long,)


def _host_of(rest: str) -> str:
    return rest[1:].partition("]")[0] if rest.startswith("[") else rest.partition(":")[0]


def _suggestion(name: str, known: Iterable[str]) -> str:
    import difflib  # only where somebody mistyped

    close = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {close[0]}?" if close else ""

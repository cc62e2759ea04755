"""What a plugin is given when it is built: its settings, the time, chance, a way out, and documents of its own."""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from poolhouse.hooks.messages import Messages
from poolhouse.hooks.views import Directory
from poolhouse.ports.plugins import Key, PluginDocument, PluginDocuments

T = TypeVar("T")


class Clock(Protocol):
    def now(self) -> float:
        """Epoch seconds."""


class Chance(Protocol):
    """Randomness that cannot be guessed."""

    def token(self) -> str:
        """256 random bits, base64url without padding."""

    def raw(self, size: int) -> bytes: ...

    def digits(self, count: int) -> str: ...

    def uuid(self) -> str: ...


# --- settings --------------------------------------------------------------------------------------------------------


class SettingInvalid(ValueError):  # noqa: N818 - read as a statement
    """A plugin's setting is missing or cannot be meant. The text names the setting, and never shows a value."""


class PluginSettings(Mapping[str, Any]):
    """A plugin's own table of the settings file. Its ``repr`` shows names only."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self._values = dict(values or {})

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<settings: {', '.join(self._values) or 'none'}>"

    def text(self, name: str, default: str | None = None) -> str:
        """The setting as text; empty text is none. A secret that hides itself is revealed.

        Raises ``SettingInvalid``: it is something else, or missing without a default.
        """
        value: Any = self._values.get(name)
        if hasattr(value, "reveal"):
            value = value.reveal()
        if value is None or value == "":
            return _given(name, default)
        if not isinstance(value, str):
            raise SettingInvalid(f"The setting {name!r} is text.")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """The setting as a number above zero. Raises ``SettingInvalid``, as ``text`` does."""
        value = self._values.get(name)
        if value is None:
            return _given(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise SettingInvalid(f"The setting {name!r} is a number above zero.")
        return value

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """The setting as one of the choices, the first by default. Raises ``SettingInvalid``."""
        value = self._values.get(name, choices[0])
        if value not in choices:
            raise SettingInvalid(f"The setting {name!r} is one of {', '.join(choices)}.")
        return str(value)

    def only(self, *names: str) -> None:
        """Raises ``SettingInvalid`` for a setting with another name: it would be read by nobody."""
        if unknown := sorted(set(self._values) - set(names)):
            raise SettingInvalid(f"There is no setting {unknown[0]!r}; there are {', '.join(names)}.")


def _given(name: str, default: T | None) -> T:
    if default is None:
        raise SettingInvalid(f"The setting {name!r} is missing.")
    return default


# --- the way out -----------------------------------------------------------------------------------------------------


class HttpFailed(Exception):  # noqa: N818 - read as a statement
    """No answer came; whether the request arrived, nobody knows."""


class HttpNotSent(HttpFailed):
    """The request did surely not go out: the address is not allowed, or no connection came about."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer to an HTTP request, of any status. Redirects are not followed."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """Raises ``ValueError`` when the body is not JSON."""
        return json.loads(self.body)

    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")


class Http(Protocol):
    """The one way out by HTTP: https to public addresses, or to what the operator allows. Time and size are limited."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        time_limit: float | None = None,
    ) -> HttpAnswer:
        """Raises ``HttpNotSent`` and ``HttpFailed``."""


# --- documents -------------------------------------------------------------------------------------------------------


class PluginCollection:
    """A plugin's documents of one kind. No key leads out of it: to another plugin's, or to ours.

    A key is one text, or several. All verbs are atomic for one document. An expired document is not there.
    """

    def __init__(self, documents: PluginDocuments, plugin: str, name: str) -> None:
        self._documents = documents
        self._home: Key = (_part(plugin), _part(name))

    async def get(self, *key: str) -> PluginDocument | None:
        """The document, or None."""
        return self._inner(await self._documents.get(self._outer(key)))

    async def find(self, *prefix: str, limit: int = 60, after: Key | None = None) -> Sequence[PluginDocument]:
        """Documents whose key begins with these parts, in key order, from behind the key ``after``."""
        start = self._outer(after) if after is not None else None
        found = await self._documents.find(self._home + _parts(prefix), limit=limit, after=start)
        return [document for each in found if (document := self._inner(each)) is not None]

    async def insert(self, *key: str, value: Mapping[str, Any], expires: float | None = None) -> PluginDocument:
        """The document is there. Raises ``KeyTaken``."""
        stored = await self._documents.insert(PluginDocument(self._outer(key), value, 0, expires))
        return self._known(stored)

    async def replace(self, document: PluginDocument) -> PluginDocument:
        """The document with this key and version is now this one. Raises ``VersionConflict`` if there is none."""
        outer = PluginDocument(self._outer(document.key), document.value, document.version, document.expires)
        return self._known(await self._documents.replace(outer))

    async def delete(self, *key: str, version: int | None = None) -> bool:
        """The document is gone (with ``version``: that version of it). True if this call removed it."""
        return await self._documents.delete(self._outer(key), version=version)

    async def take(self, *key: str) -> PluginDocument | None:
        """The document is gone, and this caller alone got it; None for everybody else."""
        return self._inner(await self._documents.take(self._outer(key)))

    async def increment(
        self, *key: str, field: str, by: int = 1, at_most: int | None = None, expires: float | None = None
    ) -> int | None:
        """The number in ``field`` (0 at first) is larger by ``by``, and returned. None, and nothing is changed, where
        it would be over ``at_most``. An absent document is made."""
        return await self._documents.increment(self._outer(key), field, by, at_most=at_most, expires=expires)

    def _outer(self, key: Key) -> Key:
        if not key:
            raise ValueError("A key has at least one part.")
        return self._home + _parts(key)

    def _inner(self, document: PluginDocument | None) -> PluginDocument | None:
        return self._known(document) if document is not None else None

    def _known(self, document: PluginDocument) -> PluginDocument:
        key = document.key[len(self._home) :]
        return PluginDocument(key, document.value, document.version, document.expires)


def _parts(key: Key) -> Key:
    return tuple(_part(part) for part in key)


def _part(part: Any) -> str:
    if not isinstance(part, str):
        raise TypeError("A part of a key is text.")
    return part


# --- all of it -------------------------------------------------------------------------------------------------------


async def knows_no_pool(_: str) -> Directory | None:
    """There are no pools: a plugin is built to be looked at."""
    return None


@dataclass(frozen=True, slots=True)
class PluginContext:
    """What a plugin's constructor gets. ``collection`` answers with the plugin's own documents of the kind it is given;
    nothing has to be made before their first use. ``directory`` answers with the user pool of an id, as it was some
    seconds ago at most; None where there is none."""

    name: str
    settings: PluginSettings
    clock: Clock = field(repr=False)
    chance: Chance = field(repr=False)
    http: Http = field(repr=False)
    collection: Callable[[str], PluginCollection] = field(repr=False)
    messages: Messages = field(repr=False)
    directory: Callable[[str], Awaitable[Directory | None]] = field(default=knows_no_pool, repr=False)

    @classmethod
    def of(
        cls,
        name: str,
        settings: Mapping[str, Any],
        *,
        clock: Clock,
        chance: Chance,
        http: Http,
        documents: PluginDocuments,
        messages: Messages,
        directory: Callable[[str], Awaitable[Directory | None]] = knows_no_pool,
    ) -> PluginContext:
        """The context of the plugin with this name, among the documents of all."""
        collection = functools.partial(PluginCollection, documents, name)
        return cls(name, PluginSettings(settings), clock, chance, http, collection, messages, directory)

    @property
    def logger(self) -> logging.Logger:
        return logging.getLogger(f"poolhouse.plugins.{self.name}")

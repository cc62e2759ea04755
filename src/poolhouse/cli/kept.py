"""What development keeps beside its store, in files for their owner only: the master key and the root key.

A store that forgets everything keeps nothing either.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from poolhouse.config.master_key import SIZE, MasterKeys, configured_keys, kept_key, read_key_file
from poolhouse.config.settings import Root, Settings
from poolhouse.config.values import Secret, SettingsError
from poolhouse.flows.access.keys import invented
from poolhouse.ports.world import Chance

T = TypeVar("T")


def place_beside(settings: Settings, name: str) -> Path | None:
    """Where a file of this name is kept; None where nothing is."""
    kind = settings.store.kind
    if kind == "memory":
        return None
    if kind == "sqlite":
        database = Path(settings.store.url.reveal().removeprefix("sqlite:"))
        return database.with_name(f"{database.name}.{name}")
    return Path(f"poolhouse.{name}")


def shown_store(settings: Settings) -> str:
    """The store's address without user, password and options."""
    scheme, separator, rest = settings.store.url.reveal().partition("://")
    if not separator:
        return settings.store.url.reveal()
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def missing_file(settings: Settings) -> Path | None:
    """Where the settings name an SQLite file that is not there, or is empty: that file. None otherwise, as for stores
    that are no files."""
    if settings.store.kind != "sqlite":
        return None
    database = Path(settings.store.url.reveal().removeprefix("sqlite:"))
    return None if database.exists() and database.stat().st_size else database


def development_keys(settings: Settings, chance: Chance) -> MasterKeys:
    """The master keys of the settings; without any, the one that is kept, which is made at the first start. Raises
    ``SettingsError``."""
    given = configured_keys(settings.master)
    if given is not None:
        return given
    path = place_beside(settings, "master-key")
    if path is None:
        return MasterKeys((chance.raw(SIZE),))
    if path.exists():
        _require_not_emptied(settings, path)
    elif settings.store.kind == "sqlite":
        database = Path(settings.store.url.reveal().removeprefix("sqlite:"))
        if database.exists() and database.stat().st_size:
            raise SettingsError(
                [
                    f"{database} is there, but its master key {path.name} is gone, and a new one would open nothing: "
                    f"put that file back, say the key by POOLHOUSE_MASTER_KEY, or remove {database.name} to begin anew"
                ]
            )
    return _writing(path, lambda: kept_key(path, chance.raw))


def known_keys(settings: Settings) -> MasterKeys | None:
    """The master keys of the settings; without any, the one that development has kept; None where there is neither.
    Raises ``SettingsError``."""
    given = configured_keys(settings.master)
    if given is not None:
        return given
    path = place_beside(settings, "master-key")
    if path is None or not path.exists():
        return None
    _require_not_emptied(settings, path)
    return read_key_file(path)


def _require_not_emptied(settings: Settings, key_file: Path) -> None:
    """A key stands beside a store, so an empty file there was one. Raises ``SettingsError``."""
    if settings.store.kind != "sqlite":
        return
    database = Path(settings.store.url.reveal().removeprefix("sqlite:"))
    if database.exists() and not database.stat().st_size:
        raise SettingsError(
            [
                f"{database} is empty, and {key_file.name} beside it is the key of a store that was there: bring a "
                f"backup back, or remove {database.name} to begin anew"
            ]
        )


def with_root_key(settings: Settings, chance: Chance) -> Settings:
    """The settings with a root key: theirs, or the one that is kept, which is made at the first start. Raises
    ``SettingsError``."""
    if settings.root.access_key_id is not None:
        return settings
    path = place_beside(settings, "root-key")
    if path is None:
        text = _new_root_key(chance)
    else:
        text = _writing(path, lambda: kept_text(path, lambda: _new_root_key(chance), chance))
    try:
        found = json.loads(text)
        root = Root(access_key_id=found["access_key_id"], secret_access_key=Secret(found["secret_access_key"]))
    except (ValueError, KeyError, TypeError):
        raise SettingsError([f"the root key file {path} holds no key; remove it, and a new one is made"]) from None
    return replace(settings, root=root)


def kept_text(path: Path, make: Callable[[], str], chance: Chance) -> str:
    """The text in the file; it is made, for its owner only, where it does not exist. Two processes that come at once
    get the same."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{chance.raw(8).hex()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(make())
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass  # another process was faster, and its text is the one
        finally:
            draft.unlink()
    return path.read_text(encoding="utf-8")


def _new_root_key(chance: Chance) -> str:
    made = invented(chance)
    return json.dumps({"access_key_id": made.id, "secret_access_key": made.secret}) + "\n"


def _writing(path: Path, write: Callable[[], T]) -> T:
    try:
        return write()
    except OSError as error:
        raise SettingsError([f"{path} cannot be written: {error.strerror}"]) from None

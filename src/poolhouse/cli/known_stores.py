"""Which stores a key file belongs to: their ids stand in a file beside it.

A path that is mistyped makes a new, empty store, and nobody in it: where the key is known to belong to another store,
that is a mistake until somebody says otherwise. The database on MongoDB is not made by its name being mistyped alone,
and a key that comes by the environment has no place to remember by.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from poolhouse.cli.kept import missing_file, place_beside, shown_store
from poolhouse.config.settings import Settings
from poolhouse.server.ground import NotStartable

_logger = logging.getLogger("poolhouse.serving")


class KnownStores:
    """``shown`` is the store that the settings name. ``new_store``: whoever starts says that another one is meant."""

    def __init__(self, key_file: Path, shown: str, *, new_store: bool) -> None:
        self._key_file = key_file
        self._file = key_file.with_name(f"{key_file.name}.stores")
        self._shown = shown
        self._new_store = new_store

    def require(self, store_id: str | None, *, is_new: bool) -> None:
        """The key file does not know other stores alone. ``store_id`` is None for a store that has none yet. Raises
        ``NotStartable``."""
        known = self._known()
        if self._new_store or not known or store_id in known or (store_id is None and not is_new):
            return
        found = "is a new, empty store" if is_new else "is another store"
        raise NotStartable(
            f"{self._shown} {found}, and the key in {self._key_file} belongs to one that was used before: look at "
            "store.url, and whether its file was moved or deleted. If this store is meant, start once with "
            "`poolhouse serve --new-store`."
        )

    def note(self, store_id: str) -> None:
        """The key file knows this store from now on. Where nothing can be written beside it, it does not, and the log
        says so."""
        if store_id in self._known():
            return
        try:
            with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as file:
                file.write(f"{store_id}\n")
        except OSError as error:
            _logger.info("Which store the key belongs to is not remembered: %s: %s.", self._file, error.strerror)

    def _known(self) -> list[str]:
        try:
            return self._file.read_text(encoding="ascii", errors="replace").split()
        except OSError:
            return []


def require_store_or_new(settings: Settings, *, new_store: bool = False) -> bool:
    """Whether the store of the settings is there, before it is opened; opening a file makes it. Raises ``NotStartable``
    where it is not, and the key file knows others."""
    if missing_file(settings) is None:
        return True
    if (stores := known_stores(settings, new_store=new_store)) is not None:
        stores.require(None, is_new=True)
    return False


def known_stores(settings: Settings, *, new_store: bool = False) -> KnownStores | None:
    """None where the key is in no file, and for stores that are no files."""
    if settings.store.kind != "sqlite" or settings.master.key is not None:
        return None
    given = settings.master.key_file
    key_file = Path(given) if given is not None else place_beside(settings, "master-key")
    return None if key_file is None else KnownStores(key_file, shown_store(settings), new_store=new_store)

"""The master key: read from the settings or a file, or made in a file for development."""

from __future__ import annotations

import binascii
import logging
import os
import stat
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from poolhouse.config.settings import Master
from poolhouse.config.values import SettingsError

SIZE = 32

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The keys, the newest first."""

    raw: tuple[bytes, ...] = field(repr=False)

    def __reduce__(self) -> str:
        raise TypeError("master keys are not written down")


def configured_keys(master: Master) -> MasterKeys | None:
    """The keys that the settings give; None where they give none. Raises ``SettingsError``."""
    if master.key is not None:
        return parse_keys(master.key.reveal(), "master.key")
    if master.key_file is not None:
        return read_key_file(Path(master.key_file))
    return None


def required_keys(master: Master) -> MasterKeys:
    """The keys that the settings give. Raises ``SettingsError``, which says how to make one, where they give none."""
    keys = configured_keys(master)
    if keys is None:
        raise SettingsError(
            [
                "there is no master key: make one with `poolhouse keys new-master`, and give it as "
                "POOLHOUSE_MASTER_KEY or in a file named by POOLHOUSE_MASTER_KEY_FILE; keep a copy: without it nobody "
                "can sign in again"
            ]
        )
    return keys


def parse_keys(text: str, origin: str) -> MasterKeys:
    """Keys of 32 bytes in hex or base64, with commas or white space between them, the newest first. ``origin`` names
    the place in errors. Raises ``SettingsError``."""
    parts = text.replace(",", " ").split()
    keys = tuple(_key(part) for part in parts)
    problems = [
        f"{origin}: key {number} is not {SIZE} bytes in hex or base64"
        for number, key in enumerate(keys, 1)
        if key is None
    ]
    found = tuple(key for key in keys if key is not None)
    if not parts:
        problems.append(f"{origin}: there is no key")
    if len(set(found)) != len(found):
        problems.append(f"{origin}: a key is listed twice")
    if any(len(set(key)) < 8 for key in found):
        problems.append(f"{origin}: a key is not random; make one with `poolhouse keys new-master`")
    if problems:
        raise SettingsError(problems)
    return MasterKeys(found)


def read_key_file(path: Path) -> MasterKeys:
    """The keys in the file. A file that others may read is used, with a warning in the log. Raises
    ``SettingsError``."""
    try:
        text = path.read_text(encoding="ascii")
        mode = path.stat().st_mode
    except OSError as error:
        raise SettingsError([f"the master key file {path} cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise SettingsError([f"the master key file {path} holds no key"]) from None
    if os.name == "posix" and stat.S_IMODE(mode) & (stat.S_IRWXG | stat.S_IRWXO):
        log.warning("the master key file %s can be read by others than its owner; its mode should be 600", path)
    return parse_keys(text, f"the master key file {path}")


def new_key_text(raw: Callable[[int], bytes]) -> str:
    """A new master key as it is written into settings: hex. ``raw`` gives random bytes."""
    return raw(SIZE).hex()


def kept_key(path: Path, raw: Callable[[int], bytes]) -> MasterKeys:
    """The keys in the file; it is made, for its owner only, where it does not exist. For development: a key beside the
    data protects a copy of neither. Two servers that start at once get the same key."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{raw(8).hex()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(new_key_text(raw) + "\n")
                file.flush()
                os.fsync(file.fileno())
            _publish(draft, path)
        finally:
            draft.unlink(missing_ok=True)
    return read_key_file(path)


def _publish(draft: Path, path: Path) -> None:
    """The finished draft stands at the path, unless another process was faster."""
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return


def _key(text: str) -> bytes | None:
    try:
        raw = bytes.fromhex(text) if len(text) == 2 * SIZE else _from_base64(text)
    except ValueError:
        return None
    return raw if len(raw) == SIZE else None


def _from_base64(text: str) -> bytes:
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error

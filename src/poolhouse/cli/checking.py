"""``poolhouse check``: settings, keys, plugins and the store are looked at, and nothing is started.

A store that does not exist yet is not made. The mail server is contacted only when it is asked for.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

from poolhouse.cli.failures import DONE, STORE, UNDONE, Failure, failure_of
from poolhouse.cli.kept import known_keys, missing_file, shown_store
from poolhouse.cli.known_stores import require_store_or_new
from poolhouse.config.loading import load_settings
from poolhouse.config.master_key import MasterKeys, required_keys
from poolhouse.config.settings import Settings
from poolhouse.config.values import SettingsError
from poolhouse.crypto.vault import Vault
from poolhouse.hooks import specs
from poolhouse.hooks.dispatch import Hooks
from poolhouse.hooks.events.server import Register
from poolhouse.hooks.manager import PluginManager
from poolhouse.server.ground import known_key, plugin_manager, require_same_key, store_of
from poolhouse.server.http_client import HttpClient
from poolhouse.server.world import SystemChance, SystemClock
from poolhouse.store.port import Store

_MAIL_PORTS = {"starttls": 587, "implicit": 465, "none": 25}
_MAIL_PATIENCE = 10.0

_WITHOUT = {
    "email": "nothing sends e-mail ([messages.smtp] or [messages.webhook] would): codes by e-mail do not arrive, so "
    "nobody can confirm a sign-up or a new address, recover a password, or be invited by e-mail",
    "sms": "nothing sends text messages ([messages.twilio] or [messages.webhook] would): codes to telephone numbers do "
    "not arrive",
}
"""What will not work where nobody sends by a channel."""

Tell = Callable[[str, str], None]
"""Is told what was looked at, and what was found there."""


async def check(config: Path | None, *, connect: bool, tell: Tell) -> int:
    """The exit status: that of the first thing that is wrong."""
    try:
        settings = load_settings(os.environ, path=config)
    except Exception as error:  # noqa: BLE001 - what cannot be told is raised again
        return _told_wrong("settings", error, "", tell)
    tell("settings", "ok")
    for warning in settings.warnings:
        tell("note", warning)
    unsent: list[str] = []
    statuses = [
        await _looked_at("master key", lambda: _check_keys(settings), settings, tell),
        await _looked_at("plugins", lambda: _check_plugins(settings, unsent), settings, tell),
        await _looked_at("store", lambda: _check_store(settings), settings, tell),
    ]
    if settings.access.roles_file is not None or settings.identities.guest_policy is not None:
        statuses.append(await _looked_at("roles", lambda: _check_roles(settings), settings, tell))
    # Identity pools send nothing.
    for channel in unsent if "user_pools" in settings.server.parts else ():
        tell("note", _WITHOUT[channel])
    if settings.root.access_key_id is None:
        tell("note", "there is no root key: signed calls work with access keys of the store only")
    if settings.messages.smtp is not None:
        if connect:
            statuses.append(await _looked_at("mail server", lambda: _check_mail(settings), settings, tell))
        else:
            tell("mail server", "not contacted (--connect does)")
    return next((status for status in statuses if status != DONE), DONE)


async def _looked_at(what: str, look: Callable[[], Awaitable[str]], settings: Settings, tell: Tell) -> int:
    try:
        found = await look()
    except Exception as error:  # noqa: BLE001 - what cannot be told is raised again
        return _told_wrong(what, error, shown_store(settings), tell)
    tell(what, found)
    return DONE


def _told_wrong(what: str, error: Exception, store: str, tell: Tell) -> int:
    failure = failure_of(error, store, STORE if what == "store" else UNDONE)
    if failure is None:
        raise error
    tell(what, f"WRONG: {failure}")
    return failure.status


async def _check_keys(settings: Settings) -> str:
    count = len(_keys(settings).raw)
    return f"ok ({count} keys; the first one seals)" if count > 1 else "ok"


def _keys(settings: Settings) -> MasterKeys:
    return known_keys(settings) or required_keys(settings.master)


async def _check_roles(settings: Settings) -> str:
    from poolhouse.server.parts.access import filed_roles, guest_policy

    guest_policy(settings)
    names = [role.name for role in filed_roles(settings)]
    return f"ok ({', '.join(names)})" if names else "ok"


async def _check_plugins(settings: Settings, unsent: list[str]) -> str:
    """What is loaded. The channels by which nobody would send are in ``unsent`` afterwards."""
    manager = loaded_plugins(settings)
    unsent += await _without_sender(manager.freeze())
    names = manager.names()
    return f"ok ({', '.join(names)})" if names else "ok (none)"


async def _without_sender(hooks: Hooks) -> list[str]:
    if hooks.implements(specs.send_message):
        return []
    senders = [sender for some in await hooks.all(specs.register_message_senders, Register()) for sender in some]
    return [channel for channel in _WITHOUT if not any(channel in sender.channels for sender in senders)]


def loaded_plugins(settings: Settings, files: Sequence[tuple[str, object]] = ()) -> PluginManager:
    """The plugins that a server with these settings, and these files, would use, built and checked. Raises
    ``PluginError``."""
    clock = SystemClock()
    store = store_of(settings, clock)
    manager = plugin_manager(
        settings, clock=clock, chance=SystemChance(), http=HttpClient(), store=store, plugins=files
    )
    manager.freeze()
    return manager


async def _check_store(settings: Settings) -> str:
    shown = shown_store(settings)
    if (file := missing_file(settings)) is not None:
        if not file.exists() and not os.access(file.parent, os.W_OK | os.X_OK):
            raise Failure(f"{file} does not exist, and cannot be made in {file.parent.absolute()}.", STORE)
        require_store_or_new(settings)
        return f"ok ({shown} does not exist yet, or is empty; the first start makes it)"
    if settings.store.kind == "sqlite":
        from poolhouse.store.sqlite_copies import require_sound

        # A start reads little of the file: damage elsewhere would wait for the first sign-in there.
        await asyncio.to_thread(require_sound, Path(shown.removeprefix("sqlite:")))
    store = store_of(settings, SystemClock())
    await store.start()
    try:
        await store.ping()
        await _check_key_of(store, settings)
    finally:
        await store.close()
    return f"ok ({shown})"


async def _check_key_of(store: Store, settings: Settings) -> None:
    """The store is one of these master keys, or of none yet. What is wrong with the keys is told elsewhere."""
    try:
        keys = _keys(settings)
    except SettingsError:
        return
    if await known_key(store) is not None:
        await require_same_key(store, Vault(keys.raw, SystemChance()), SystemChance())


async def _check_mail(settings: Settings) -> str:
    """Somebody at the mail server's address greets as RFC 5321 section 4.2 wants it. Nothing is sent."""
    smtp = settings.messages.smtp or {}
    tls = str(smtp.get("tls", "starttls"))
    host, port = str(smtp.get("host", "")), int(smtp.get("port", _MAIL_PORTS.get(tls, 25)))
    try:
        async with asyncio.timeout(_MAIL_PATIENCE):
            reader, writer = await asyncio.open_connection(host, port, ssl=True if tls == "implicit" else None)
            try:
                greeting = await reader.readline()
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError) as error:
        raise Failure(f"{host}:{port} does not answer ({type(error).__name__}).") from None
    if not greeting.startswith(b"220"):
        raise Failure(f"{host}:{port} answers, but not as a mail server that takes mail now.")
    return f"ok ({host}:{port} greets)"

"""The command ``poolhouse``."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Does not return: it ends with the command's exit status."""
    # Starting makes a great many objects that stay; looking through them for garbage takes a tenth of the time.
    gc.disable()
    from poolhouse.cli.failures import report

    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        status = run(words)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the boundary of the process: told once
        status = report(error)
    sys.exit(status)


def run(words: Sequence[str]) -> int:
    """The command's exit status. Raises what the command could not deal with."""
    from poolhouse.cli import quick

    plain = quick.read(words)
    if plain is not None:
        from poolhouse.cli import late

        late.announce("aiohttp")
        from poolhouse.cli import starting

        command, said = plain
        return starting.dev(**said) if command == "dev" else starting.serve(**said)
    gc.enable()
    from poolhouse.cli.commands import run_command

    return run_command(words)


if __name__ == "__main__":
    main()

"""A server from its first moment to its last, in a process of its own: its signals are the process's."""

from __future__ import annotations

import subprocess
import sys

import pytest

SERVER = """
import os, signal, sys
from aiohttp import web
from poolhouse.server.serving import Manner, bound_sockets, run

def started():
    print("started", flush=True)
    os.kill(os.getpid(), signal.SIGTERM)

async def make():
    app = web.Application()
    async def starting(_):
        if sys.argv[1] == "on start-up":
            os.kill(os.getpid(), signal.SIGTERM)
    app.on_startup.append(starting)
    if sys.argv[1] == "at the beginning":
        os.kill(os.getpid(), signal.SIGTERM)
    return app

run(make, bound_sockets("127.0.0.1", 0), Manner(grace=1.0), started=started)
print("ended", flush=True)
"""


@pytest.mark.parametrize(
    ("told", "said"),
    [("later", "started\nended\n"), ("at the beginning", "ended\n"), ("on start-up", "ended\n")],
)
def test_who_is_told_to_stop_while_starting_does_not_say_that_it_has_started(told: str, said: str) -> None:
    command = [sys.executable, "-c", SERVER, told]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (0, said, "") == (done.returncode, done.stdout, done.stderr)

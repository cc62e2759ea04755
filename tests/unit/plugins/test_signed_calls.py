"""A receiver knows our calls by the few lines that docs/triggers.md shows, in each of its languages."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from poolhouse.plugins.lambda_bridge.calling import sign
from tests.support.doc_blocks import block

KEY = "00ff" * 16
BODY = '{"userName": "jané"}'.encode()
MAIN = """package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	body, _ := io.ReadAll(os.Stdin)
	fmt.Println(IsOurs(os.Args[1], os.Args[2], os.Args[3], body))
}
"""
Check = Callable[[str, str, str, bytes], bool]


def in_python(folder: Path) -> Check:
    lines: dict[str, Any] = {}
    exec(block("triggers.md", "signed.py"), lines)
    check: Check = lines["is_ours"]
    return check


def in_javascript(folder: Path) -> Check:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node: install Node.js 20 or newer")
    served = block("triggers.md", "serve.mjs")
    program = folder / "check.mjs"
    program.write_text(
        served[: served.index("function call")]
        + "const headers = { 'poolhouse-timestamp': process.argv[2], 'poolhouse-signature': process.argv[3] };\n"
        + "console.log(isOurs(headers, Buffer.from(process.argv[4], 'hex')));\n",
        encoding="utf-8",
    )

    def check(key: str, timestamp: str, signature: str, body: bytes) -> bool:
        command = [node, str(program), timestamp, signature, body.hex()]
        return said(command, {"POOLHOUSE_FUNCTIONS_KEY": key}, b"")

    return check


def in_go(folder: Path) -> Check:
    go = shutil.which("go")
    if go is None:
        pytest.skip("no go: install Go 1.21 or newer")
    (folder / "go.mod").write_text("module check\n\ngo 1.21\n", encoding="utf-8")
    source = block("triggers.md", "signed.go").replace("package signed", "package main")
    (folder / "signed.go").write_text(source, encoding="utf-8")
    (folder / "main.go").write_text(MAIN, encoding="utf-8")
    environment = {"GOCACHE": str(folder / "cache"), "GOPATH": str(folder / "path"), "GOTOOLCHAIN": "local"}
    known = {"PATH": os.environ["PATH"], "HOME": str(folder), **environment}
    subprocess.run([go, "build", "-o", "check"], cwd=folder, env=known, check=True, timeout=500)

    def check(key: str, timestamp: str, signature: str, body: bytes) -> bool:
        return said([str(folder / "check"), key, timestamp, signature], {}, body)

    return check


def said(command: list[str], environment: dict[str, str], given: bytes) -> bool:
    known = {"PATH": os.environ["PATH"], **environment}
    done = subprocess.run(command, env=known, input=given, capture_output=True, check=True, timeout=60)
    return {"true": True, "false": False}[done.stdout.decode().strip()]


LANGUAGES = [
    pytest.param(in_python, id="python"),
    pytest.param(in_javascript, id="javascript", marks=pytest.mark.requires_node),
    pytest.param(in_go, id="go", marks=pytest.mark.requires_go),
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_receiver_knows_our_calls_and_nobody_elses(language: Callable[[Path], Check], tmp_path: Path) -> None:
    is_ours = language(tmp_path)
    now, long_ago = str(int(time.time())), str(int(time.time()) - 301)

    right = sign(KEY, now, BODY)

    assert is_ours(KEY, now, right, BODY)
    assert not is_ours("11" * 32, now, right, BODY)
    assert not is_ours(KEY, now, right, BODY + b" ")
    assert not is_ours(KEY, str(int(now) + 1), right, BODY)
    assert not is_ours(KEY, long_ago, sign(KEY, long_ago, BODY), BODY)
    assert not is_ours(KEY, now, "", BODY)
    assert not is_ours(KEY, "", sign(KEY, "", BODY), BODY)

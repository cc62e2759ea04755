"""Write the lock files beside this one: what pyproject.toml asks for, pinned, with a hash for every file of it.

``make lock`` runs this where pip-tools is installed. Pins that still fit stay as they are; ``make lock UPGRADE=1``
takes the newest. Everything is resolved at once into ``dev.txt``, and the smaller files are cut from that answer, so
that a package has one version in all of them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tomllib
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PROJECT = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8"))

BUILD = [*PROJECT["build-system"]["requires"], *PROJECT["dependency-groups"]["build"]]
RUN = PROJECT["project"]["dependencies"]
DEV = [
    *BUILD,
    *RUN,
    *PROJECT["project"]["optional-dependencies"]["testing"],
    *PROJECT["dependency-groups"]["dev"],
]


def compile_lock(name: str, wanted: list[str], *options: str) -> None:
    """``name`` holds what ``wanted`` resolves to. Raises when nothing fits, or when a pinned version is gone."""
    command = [
        *(sys.executable, "-m", "piptools", "compile", "--quiet", "--generate-hashes", "--strip-extras"),
        *("--allow-unsafe", "--no-emit-index-url", "--no-emit-trusted-host", "--no-emit-find-links"),
        *("--no-emit-options", "--no-annotate", "--no-header"),
        *options,
        *("--output-file", name, "-"),
    ]
    environment = {**os.environ, "CUSTOM_COMPILE_COMMAND": "make lock"}
    subprocess.run(command, input="\n".join(wanted), text=True, check=True, cwd=FOLDER, env=environment)
    path = FOLDER / name
    path.write_text(f"# Written by `make lock`. Do not edit.\n{path.read_text(encoding='utf-8')}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Write requirements/*.txt from pyproject.toml.")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions instead of keeping the pins")
    upgrade = ["--upgrade"] if parser.parse_args().upgrade else []
    compile_lock("dev.txt", DEV, *upgrade)
    compile_lock("run.txt", RUN, "--upgrade", "--constraint", "dev.txt")
    compile_lock("build.txt", BUILD, "--upgrade", "--constraint", "dev.txt")


if __name__ == "__main__":
    main()

"""The lock files: one version of everything, hashed, from no address in particular."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ["build.txt", "dev.txt", "run.txt"]
PIN = re.compile(r"(?P<name>[a-z0-9]+(-[a-z0-9]+)*)==(?P<version>[^ ;]+)( ; [^\\]+)?( --hash=sha256:[0-9a-f]{64})+")


def lines(lock: str) -> list[str]:
    """The file's logical lines without comments."""
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")
    joined = re.sub(r" ?\\\n +", " ", text)
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


def pins(lock: str) -> dict[str, str]:
    return {pin["name"]: pin["version"] for pin in map(PIN.fullmatch, lines(lock)) if pin}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_a_version_with_its_hashes(lock: str) -> None:
    others = [line for line in lines(lock) if not PIN.fullmatch(line)]

    assert others == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address_and_no_option(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text(encoding="utf-8")

    assert re.findall(r"://|^\s*-(?!-hash=).*", text, re.MULTILINE) == []


@pytest.mark.parametrize("lock", ["build.txt", "run.txt"])
def test_the_smaller_locks_are_parts_of_the_large_one(lock: str) -> None:
    whole = pins("dev.txt")

    assert {name: whole.get(name) for name in pins(lock)} == pins(lock)


def wanted() -> list[tuple[str, str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    everything = {
        "build.txt": [*project["build-system"]["requires"], *project["dependency-groups"]["build"]],
        "run.txt": project["project"]["dependencies"],
        "dev.txt": [*project["project"]["optional-dependencies"]["testing"], *project["dependency-groups"]["dev"]],
    }
    return [(lock, text) for lock, texts in everything.items() for text in texts]


@pytest.mark.parametrize(("lock", "text"), wanted())
def test_what_the_project_asks_for_is_in_its_lock(lock: str, text: str) -> None:
    requirement = Requirement(text)

    version = pins(lock).get(canonicalize_name(requirement.name))

    assert version is not None
    assert requirement.specifier.contains(version)

"""A machine of an operator, in a folder: the commands of ``docs/operating.md`` find their paths, ports and programs in
it.

What the page installs is installed, and what it starts runs. Only what needs the whole machine is played: users and
groups, the packages of the system, and systemd, which here reads the unit and starts and stops its command as systemd
would. What would reach the machine of the tests is not typed at all.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.command import free_port

SOURCE = Path(__file__).parents[2]
OWN = re.compile(
    r"(?<![\w.])/(?=(?:usr/local/(?:lib|bin)/poolhouse|etc/(?:poolhouse|systemd|nginx)|var/(?:lib|backups)/poolhouse)\b)"
)
"""The root of each path that stands on the machine."""
FOLDERS = ("usr/local/lib", "usr/local/bin", "etc/systemd/system", "etc/nginx/conf.d", "var/lib", "var/backups")
KNOWN = frozenset({"curl", "do", "done", "for", "ln", "mv", "poolhouse", "python3", "systemctl"})
"""What may be typed besides what is played, what the checkout has, and what was installed."""
HARMLESS = frozenset({"/dev/null", "/usr/sbin/nologin"})
COPIED = ("LICENSE", "README.md", "pyproject.toml", "requirements", "src", "deploy")

PLAYED = {
    "id": '[ -n "$AS_POOLHOUSE" ] && echo poolhouse || echo root',
    "runuser": '[ "$1 $2 $3" = "-u poolhouse --" ] && shift 3 && AS_POOLHOUSE=1 exec "$@"',
    # Owners are users that this machine does not have.
    "install": (
        'for word; do shift; case "$word" in -o|-g) skip=1;;\n'
        '*) [ -n "$skip" ] || set -- "$@" "$word"; skip=;; esac; done\n'
        'exec /usr/bin/install "$@"'
    ),
    "useradd": "",
    "apt-get": "",
    "nginx": "",
}

SYSTEMD = """
import os, re, signal, subprocess, sys, time
from pathlib import Path

root = Path(ROOT)
verb, *rest = sys.argv[1:]
names = [word for word in rest if not word.startswith("--")]
now = verb != "enable" or "--now" in rest


def unit(name):
    stem, _, instance = name.removesuffix(".service").partition("@")
    text = (root / "etc/systemd/system" / (stem + "@.service")).read_text().replace("%i", instance)
    said = {}
    for key, value in re.findall(r"^(\\\\w+)=(.*)$", text, re.M):
        said.setdefault(key, []).append(value)
    return said


def runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def stop(name):
    file = root / "run" / name
    if not file.exists():
        return
    pid = int(file.read_text())
    if runs(pid):
        os.kill(pid, getattr(signal, unit(name)["KillSignal"][-1]))
    deadline = time.monotonic() + float(unit(name)["TimeoutStopSec"][-1])
    while runs(pid):
        if time.monotonic() > deadline:
            os.killpg(pid, signal.SIGKILL)
            sys.exit(f"{name} had to be killed")
        time.sleep(0.05)
    file.unlink()


def start(name):
    said = unit(name)
    environment = {"PATH": "/usr/bin:/bin", **dict(each.split("=", 1) for each in said["Environment"])}
    with (root / "run" / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            said["ExecStart"][-1].split(), cwd=said["WorkingDirectory"][-1], env=environment, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True,
        )
    (root / "run" / name).write_text(str(process.pid))


(root / "run").mkdir(exist_ok=True)
if names == ["nginx"] or verb == "daemon-reload":
    sys.exit()
for name in names:
    if verb in ("stop", "restart"):
        stop(name)
    if verb in ("start", "restart") or (verb == "enable" and now):
        assert unit(name)["WantedBy"]
        start(name)
"""


@dataclass
class Machine:
    """``ports`` are those that the page calls 8081 and 8082."""

    root: Path
    checkout: Path = field(init=False)
    ports: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()))

    def __post_init__(self) -> None:
        if shutil.which("curl") is None:
            pytest.skip("curl is not installed")
        played = self.root / "played"
        played.mkdir(parents=True)
        for folder in FOLDERS:
            (self.root / folder).mkdir(parents=True)
        base = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
        systemctl = played / "systemctl.py"
        systemctl.write_text(SYSTEMD.replace("ROOT", repr(str(self.root)), 1).replace("\\\\", "\\"), encoding="utf-8")
        scripts = {
            **PLAYED,
            "python3": f'exec {shlex.quote(str(base))} "$@"',
            "systemctl": f'exec {shlex.quote(str(base))} {shlex.quote(str(systemctl))} "$@"',
        }
        for name, script in scripts.items():
            (played / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            (played / name).chmod(0o755)

    def check_out(self, version: str) -> None:
        """The source of this version is where commands are typed from now on."""
        self.checkout = self.root / f"source-{version}"
        self.checkout.mkdir()
        for name in COPIED:
            if (SOURCE / name).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", "secrets")
                shutil.copytree(SOURCE / name, self.checkout / name, ignore=ignored)
            else:
                shutil.copy(SOURCE / name, self.checkout / name)
        for file in (self.checkout / "deploy").iterdir():
            if file.is_file():
                file.write_text(self.here(file.read_text(encoding="utf-8")), encoding="utf-8")
        about = self.checkout / "pyproject.toml"
        old = re.search(r'^version = ".*"$', about.read_text(encoding="utf-8"), re.MULTILINE)
        assert old
        text = about.read_text(encoding="utf-8").replace(old[0], f'version = "{version}"', 1)
        about.write_text(text, encoding="utf-8")

    def here(self, text: str) -> str:
        """The text with the paths and ports of this machine."""
        text = OWN.sub(f"{self.root}/", text)
        for old, new in zip(("8081", "8082"), self.ports, strict=True):
            text = re.sub(rf"\b{old}\b", str(new), text)
        return text

    def path(self, text: str) -> Path:
        return Path(self.here(text))

    def type(self, commands: str) -> str:
        """What the commands print. Fails where one of them fails."""
        commands = self.here(commands)
        self.refuse_what_reaches_out(commands)
        path = [str(self.root / "played"), str(self.root / "usr/local/bin"), os.environ.get("PATH", os.defpath)]
        # Nothing of the environment of the tests helps.
        hidden = ("PYTHON", "POOLHOUSE_", "VIRTUAL_ENV")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
        done = subprocess.run(
            ["sh", "-eu", "-c", commands],
            cwd=self.checkout,
            env={**clean, "PATH": os.pathsep.join(path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}\n{self.logs()}"
        return done.stdout + done.stderr

    def refuse_what_reaches_out(self, commands: str) -> None:
        """These tests may run as root. A path or a program that this machine does not have would be the real one's."""
        paths = re.findall(r"(?<![\w.:/])/[\w/.-]+", commands)
        assert [] == [path for path in paths if path not in HARMLESS and not path.startswith(f"{self.root}/")]
        for line in commands.splitlines():
            word = line.split()[0]
            assert word in KNOWN | PLAYED.keys() or word.startswith(("build/", f"{self.root}/usr/local/lib/")), word

    def processes(self) -> Mapping[int, str]:
        """By port, the command line of each server that runs."""
        found = {}
        for port in self.ports:
            file = self.root / "run" / f"poolhouse@{port}"
            if file.exists():
                command = Path(f"/proc/{file.read_text(encoding='utf-8')}/cmdline").read_bytes()
                found[port] = command.replace(b"\0", b" ").decode()
        return found

    def logs(self) -> str:
        return "\n".join(file.read_text(encoding="utf-8")[-2000:] for file in (self.root / "run").glob("*.log"))

    def turn_off(self) -> None:
        if (self.root / "run").exists():
            self.type("systemctl stop poolhouse@8081 poolhouse@8082")

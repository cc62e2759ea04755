"""The proxies of ``deploy/``, started with the files that stand there: only addresses and paths are others."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.command import PATIENCE, free_port

DEPLOY = Path(__file__).parents[2] / "deploy"
HOST = "auth.example.com"
API_HOST = "api.example.com"
NGINX = "nginx"
GATEWAY = "nginx-gateway"
"""nginx, in front of an API."""
HAPROXY = "haproxy"
EXAMPLE = ("127.0.0.1:8081", "127.0.0.1:8082")
"""Where the files say that the servers are."""

# What nginx wants around a site's file. Everything that it writes is in one folder.
AROUND = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr notice;
{user}
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True)
class Front:
    """A proxy that runs: ``port`` speaks TLS, ``plain`` does not. ``trust`` knows its certificate."""

    kind: str
    port: int
    plain: int
    trust: ssl.SSLContext
    certificate: Path
    log: Path

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def written(self) -> str:
        """What stands in its logs."""
        return "".join(path.read_text(encoding="utf-8", errors="replace") for path in self.log.parent.glob("*.log"))


def found(kind: str) -> str:
    """The program. Skips the test where it is not installed."""
    program = shutil.which(kind, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]))
    if program is None:
        pytest.skip(f"{kind} is not installed (on Debian and Ubuntu: apt-get install {kind})")
    return program


def in_place(text: str, others: Mapping[str, str]) -> str:
    """The text with each of these replaced. Fails where one does not stand in it."""
    for old, new in others.items():
        assert old in text, f"{old!r} is not in the file any more"
        text = text.replace(old, new)
    return text


def checked(kind: str, folder: Path, ports: Sequence[int]) -> tuple[list[str], list[str], Front]:
    """How the proxy is started, how it checks its file, and what it will be."""
    program = found(NGINX if kind == GATEWAY else kind)
    certificate, key = _certificate(folder, API_HOST if kind == GATEWAY else HOST)
    front = Front(
        kind,
        free_port(),
        free_port(),
        ssl.create_default_context(cafile=certificate),
        certificate,
        folder / f"{kind}.log",
    )
    servers = {example: f"127.0.0.1:{port}" for example, port in zip(EXAMPLE, ports, strict=True)}
    if kind in {NGINX, GATEWAY}:
        host = API_HOST if kind == GATEWAY else HOST
        others = {
            **servers,
            "listen 443 ": f"listen 127.0.0.1:{front.port} ",
            f"/etc/nginx/tls/{host}.crt": str(certificate),
            f"/etc/nginx/tls/{host}.key": str(key),
        }
        if kind == NGINX:
            others |= {
                "listen 80;": f"listen 127.0.0.1:{front.plain};",
                "/var/log/nginx/poolhouse.log": str(folder / "nginx-access.log"),
            }
        site = in_place((DEPLOY / f"{kind}.conf").read_text(encoding="utf-8"), others)
        (folder / "site.conf").write_text(site, encoding="utf-8")
        # As root its workers would be somebody who may not read this folder.
        around = AROUND.format(folder=folder, user="user root;" if os.geteuid() == 0 else "")
        (folder / "nginx.conf").write_text(around, encoding="utf-8")
        command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
        return command, [*command, "-t"], front
    both = folder / "both.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    text = in_place(
        (DEPLOY / "haproxy.cfg").read_text(encoding="utf-8"),
        {
            **servers,
            "bind :80\n": f"bind 127.0.0.1:{front.plain}\n",
            "bind :443 ": f"bind 127.0.0.1:{front.port} ",
            f"/etc/haproxy/tls/{HOST}.pem": str(both),
            # Who is not root cannot become somebody else.
            **({} if os.geteuid() == 0 else {"user haproxy": "", "group haproxy": "", "chroot /var/lib/haproxy": ""}),
        },
    )
    (folder / "haproxy.cfg").write_text(text, encoding="utf-8")
    command = [program, "-f", str(folder / "haproxy.cfg")]
    return [*command, "-db"], [*command, "-c"], front


@contextlib.contextmanager
def standing(kind: str, folder: Path, ports: Sequence[int]) -> Iterator[Front]:
    """The proxy runs in front of servers on these ports of this machine."""
    folder.mkdir()
    command, check, front = checked(kind, folder, ports)
    said = subprocess.run(check, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (0, "") == (said.returncode, _warnings(said.stderr)), said.stderr
    with (
        front.log.open("wb") as log,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        ) as process,
    ):
        try:
            _wait_until_it_listens(front, process)
            yield front
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _warnings(said: str) -> str:
    """What a check complains of, though it passes."""
    return "\n".join(line for line in said.splitlines() if "[warn]" in line or "[WARNING]" in line)


def _wait_until_it_listens(front: Front, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", front.port), PATIENCE).close()
            return
        except OSError:
            said = front.log.read_text(encoding="utf-8", errors="replace")
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.02)


def _certificate(folder: Path, host: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    names = [x509.DNSName(host), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "front.crt", folder / "front.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private

"""The files that pages load: style, script, pictures. Each is served under a name that says what is in it, so browsers
keep it for good, and it is compressed once."""

from __future__ import annotations

import gzip
import hashlib
from functools import cached_property
from pathlib import Path
from typing import Final

from aiohttp import web
from msgspec import Struct

_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Accept-Encoding",
    # A picture that is opened by itself is a document.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}


class _File(Struct, frozen=True):
    name: str
    kind: str
    plain: bytes
    packed: bytes


class Assets:
    """The files are read when the first page asks for one of their names. ``brand`` is the sheet of the brand's values
    (``colours``); empty: the values of our own sheet stand."""

    def __init__(self, brand: str = "") -> None:
        self._brand = brand

    def name(self, of: str) -> str:
        """What a file is served as. Raises ``KeyError`` where there is no such file."""
        return self._by_source[of].name

    async def serve(self, request: web.Request) -> web.Response:
        """One of the files. Raises ``HTTPNotFound``."""
        file = self._by_name.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            headers = {**_HEADERS, "Content-Encoding": "gzip"}
            return web.Response(body=file.packed, content_type=file.kind, charset="utf-8", headers=headers)
        return web.Response(body=file.plain, content_type=file.kind, charset="utf-8", headers=_HEADERS)

    @cached_property
    def _by_source(self) -> dict[str, _File]:
        found = {path.name: path.read_bytes() for path in sorted(_FOLDER.iterdir()) if path.suffix in _TYPES}
        found["brand.css"] = self._brand.encode()
        return {name: _file(name, data) for name, data in found.items()}

    @cached_property
    def _by_name(self) -> dict[str, _File]:
        return {file.name: file for file in self._by_source.values()}


def _file(name: str, data: bytes) -> _File:
    stem, _, suffix = name.rpartition(".")
    digest = hashlib.sha256(data).hexdigest()[:12]
    return _File(f"{stem}.{digest}.{suffix}", _TYPES[f".{suffix}"], data, gzip.compress(data, mtime=0))

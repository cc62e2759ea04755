"""What a client says of the device that its user sits at: ``UserContextData`` of apps, ``ContextData`` of back ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_WORDS: Final = {
    "IpAddress": "ip_address",
    "EncodedData": "encoded_data",
    "ServerName": "server_name",
    "ServerPath": "server_path",
}


def told_of_device(given: Mapping[str, Any]) -> dict[str, str]:
    """In our words, by name; empty where nothing is said."""
    said = given.get("UserContextData") or given.get("ContextData")
    if not said:
        return {}
    told = {ours: said[theirs] for theirs, ours in _WORDS.items() if said.get(theirs)}
    for header in said.get("HttpHeaders", ()):
        if header.get("headerName"):
            told[f"header:{header['headerName'].lower()}"] = header.get("headerValue", "")
    return told

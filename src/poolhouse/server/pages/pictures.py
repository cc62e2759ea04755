"""QR codes, drawn here: no script, and no request to anybody. It is imported with the first one."""

from __future__ import annotations

import io

import segno
from markupsafe import Markup


def qr(text: str, label: str) -> Markup:
    """The text as inline SVG, for a page in any colours: black on white, with the quiet zone that readers need. Raises
    ``ValueError`` where it is too long."""
    drawn = io.BytesIO()
    look = {"svgclass": "qr", "lineclass": None, "light": "#fff", "border": 4}
    segno.make_qr(text, error="m").save(drawn, kind="svg", xmldecl=False, nl=False, omitsize=True, **look)
    said = Markup('<svg role="img" aria-label="{}" ').format(label)
    return Markup(drawn.getvalue().decode().replace("<svg ", said, 1))  # noqa: S704 - ours

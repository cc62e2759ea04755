"""QR codes, drawn here: no script, and no request to anybody. It is imported with the first one."""

from __future__ import annotations

import io

import segno
from markupsafe import Markup


def qr(text: str, label: str) -> Markup:
    """The text as inline SVG, for a page in any colours: black on white, with the quiet zone that readers need. Raises
    ``ValueError`` where it is too long."""
    drawn = io.BytesIO()
    code = segno.make_qr(text, error="m")
    code.save(drawn, kind="svg", xmldecl=False, svgns=True, nl=False, light="#fff", border=4, omitsize=True)
    attributes = Markup('<svg class="qr" role="img" aria-label="{}"').format(label)
    return Markup(drawn.getvalue().decode().replace('<svg class="segno"', attributes, 1))  # noqa: S704 - ours

"""The outbox of development: every message, as a page and as JSON. It exists in ``dev`` only."""

from __future__ import annotations

from collections import deque
from html import escape

import msgspec
from aiohttp import web
from yarl import URL

from poolhouse.records.messages import Message

KEPT = 200

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Outbox - Poolhouse</title>
<style nonce="{nonce}">
:root {{ color-scheme: light dark; --line: #8885; --soft: #8882; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.5rem; margin: 0 0 .25rem; }}
p.hint {{ margin: 0 0 1.5rem; opacity: .8; }}
ol {{ list-style: none; padding: 0; display: grid; gap: 1rem; }}
article {{ border: 1px solid var(--line); border-radius: .5rem; padding: 1rem; }}
article header {{ display: flex; flex-wrap: wrap; gap: .25rem 1rem; font-size: .9rem; opacity: .85; }}
article h2 {{ font-size: 1.1rem; margin: .5rem 0; overflow-wrap: anywhere; }}
article p {{ margin: .25rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }}
code {{ font: 600 1.25rem/1 ui-monospace, monospace; padding: .25rem .5rem; }}
code {{ background: var(--soft); border-radius: .25rem; }}
</style>
</head>
<body>
<main>
<h1>Outbox</h1>
<p class="hint">{count}, newest first. This page exists in development only.</p>
<ol>{items}</ol>
</main>
</body>
</html>
"""

_ITEM = """<li><article>
<header><span>{channel}</span><span>{purpose}</span><span>to <strong>{to}</strong></span></header>
<h2>{subject}</h2>
<p>{body}</p>
<p>{code}</p>
</article></li>"""


class OutboxPage:
    """Remembers the last messages of this process."""

    def __init__(self, nonce: str, base_url: str) -> None:
        self._messages: deque[Message] = deque(maxlen=KEPT)
        self._nonce = nonce
        self._hosts = {URL(base_url).host, "localhost", "127.0.0.1", "::1"}

    def record(self, message: Message) -> None:
        self._messages.appendleft(message)

    async def show(self, request: web.Request) -> web.Response:
        # Anybody can point a name at this machine, and a page under that name could read the codes here.
        if _host(request) not in self._hosts:
            raise web.HTTPNotFound
        if "application/json" in request.headers.get("Accept", ""):
            return web.json_response(
                [message_document(message) for message in self._messages],
                headers={"Cache-Control": "no-store"},
                dumps=lambda value: msgspec.json.encode(value).decode(),
            )
        items = "".join(
            _ITEM.format(
                channel="E-mail" if message.channel == "email" else "SMS",
                purpose=escape(message.purpose.replace("_", " ")),
                to=escape(message.to),
                subject=escape(message.subject or "Text message"),
                body=escape(message.body),
                code=f"<code>{escape(message.code)}</code>" if message.code else "",
            )
            for message in self._messages
        )
        count = f"{len(self._messages)} message{'' if len(self._messages) == 1 else 's'}"
        page = _PAGE.format(nonce=self._nonce, count=count, items=items)
        policy = f"default-src 'none'; style-src 'nonce-{self._nonce}'; base-uri 'none'; frame-ancestors 'none'"
        return web.Response(
            text=page,
            content_type="text/html",
            headers={
                "Content-Security-Policy": policy,
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
            },
        )


def _host(request: web.Request) -> str | None:
    """The name under which the server was called; None where no name was said."""
    try:
        return request.url.host
    except ValueError:
        return None


def message_document(message: Message) -> dict[str, str | None]:
    """A message as the outbox file has it."""
    return {
        "to": message.to,
        "channel": message.channel,
        "purpose": message.purpose,
        "code": message.code,
        "link": message.link,
        "subject": message.subject,
        "body": message.body,
    }

"""The table of settings in ``docs/operating.md``, made from the settings themselves.

``python -m poolhouse.cli.reference`` writes it, with ``--check`` it only says whether it is up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, Final

from poolhouse.config.loading import PREFIX
from poolhouse.config.settings import SECTIONS
from poolhouse.config.values import Secret, Wrong

BEGIN: Final = "<!-- settings: written by python -m poolhouse.cli.reference -->"
END: Final = "<!-- end of the settings -->"
PAGE: Final = Path(__file__).parents[3] / "docs" / "operating.md"

MEANINGS: Final[Mapping[str, str]] = {
    "server.listen": "Where the server listens. Port 0 lets the system choose; then `base_url` has to be said.",
    "server.base_url": "What browsers and clients call the server: the beginning of every issuer and link. Made of "
    "`listen` where that is this machine only. `https`, unless the host is this machine.",
    "server.region": "The region in ids, where a caller's signature does not name another one.",
    "server.account_id": "The account in ARNs.",
    "server.parts": "What the server offers: `user_pools` (with their endpoints of OpenID Connect, and their pages), "
    "`identities` (identity pools), `gateway` (whether requests to APIs may pass). What is not named is not loaded "
    "(`--parts`).",
    "server.domain_suffix": "Under it the prefix of a pool's domain is a name of its own: `<prefix>.<suffix>`.",
    "server.threads": "Threads for slow arithmetic in each process; 0: one per processor, shared among the processes.",
    "server.queue": "Slow calls that may wait or run; one more is told to come back later. 0: 64 for each thread.",
    "server.grace": "Seconds that running requests may take after the server was asked to stop.",
    "server.drain": "Seconds for which a server that was asked to stop answers on, says that it is not ready, and "
    "keeps idle connections. In development none.",
    "server.trusted_proxies": "Addresses or networks of proxies whose word about the client's address is believed.",
    "server.outbound_hosts": "Hosts that plugins may reach by HTTP though they are not public: `host`, `host:port` or "
    "`http://host:port`.",
    "server.metrics_token": "Who presents it as a bearer token may read `/metrics`. Without one nobody may.",
    "store.url": "`memory:`, `sqlite:PATH` or `mongodb://...`.",
    "store.patience": "Seconds that one request waits for the store in all, before it is answered with 503.",
    "store.driver": "By which library MongoDB is asked: `motor`, or PyMongo's own asynchronous client, which needs no "
    "threads.",
    "store.calls": "How many commands one process may have under way at MongoDB at once: connections, and with "
    "`motor` as many threads.",
    "master.key": "The master key, or several with commas between them, the newest first.",
    "master.key_file": "A file that holds them instead.",
    "root.access_key_id": "The first administrator's access key, which may do everything.",
    "root.secret_access_key": "Its secret.",
    "access.roles_file": "A file of roles in JSON, which stand beside those in the store ([policies.md](policies.md)).",
    "tokens.rotation_lead": "Seconds between the publication of a new signing key and its first signature.",
    "tokens.keys_fresh": "Seconds after which signing keys are read again.",
    "oauth.code_seconds": "How many seconds an authorization code is good for.",
    "oauth.request_seconds": "How many seconds the pages wait for a user, from the request of the client on.",
    "oauth.implicit": "Whether clients with the flow `implicit` are given tokens by the authorization endpoint.",
    "tokens.reset_forgets_devices": "Whether they make the user's remembered devices forgotten, too.",
    "tokens.reset_ends_sessions": "Whether a recovery, and a password that an administrator sets or resets, end what "
    "was given to the user before.",
    "tokens.reuse_ends_family": "Whether a replaced refresh token that shows up again ends all that its sign-in gave "
    "(recommended).",
    "sessions.idle": "Seconds for which the session of a browser may go unused.",
    "sessions.absolute": "Seconds after which it ends in any case.",
    "sessions.remembered": "Seconds that one lasts whose user asked to stay signed in, used or not.",
    "sessions.outlive_sign_out": "Whether they go on after GlobalSignOut and AdminUserGlobalSignOut, as Cognito has "
    "it.",
    "sessions.logout_ends_tokens": "Whether `/logout` ends refresh tokens that were given in the session; Cognito "
    "leaves them. The end-session endpoint always does.",
    "passwords.memory_kib": "argon2id: memory.",
    "passwords.passes": "argon2id: passes.",
    "passwords.lanes": "argon2id: lanes.",
    "identities.pools": "How many identity pools there can be.",
    "identities.providers": "How many user pools one can trust, how many OpenID Connect providers, how many SAML ones.",
    "identities.rules": "How many rules can choose the role of one provider's users.",
    "identities.token_algorithm": "What the tokens of identities are signed by: RS512, as Amazon has it; RS256 is "
    "what every service knows.",
    "identities.guest_policy": "What guests' credentials are good for at most, whatever their role allows; in the "
    'environment a JSON object, in the file `{ file = "guests.json" }` will do. Not said: their own data, APIs behind '
    "the gateway, and S3, as their role allows ([policies.md](policies.md#guests)).",
    "logins.google_keys": "Where the keys of Google's ID tokens are.",
    "logins.apple_keys": "Where the keys of Apple's ID tokens are.",
    "logins.facebook_keys": "Where the keys of the ID tokens of Facebook's Limited Login are.",
    "logins.facebook_graph": "Where Facebook is asked whose a token is.",
    "logins.facebook_secrets": "The secrets of Facebook apps, by app id: with one, Facebook is asked as the app.",
    "logins.amazon_tokeninfo": "Where Amazon is asked whose a token is.",
    "logins.twitter_verify": "Where Twitter is asked whose a token is.",
    "logins.digits_verify": "The same for Digits, which is closed: without an address, and without its host in "
    "`server.outbound_hosts`, no such login is taken.",
    "logins.saml_audiences": "What SAML responses have to be made for, one of these. Not said: `server.base_url`.",
    "logins.saml_recipients": "Where SAML responses have to be sent, one of these. Not said: `/saml` there.",
    "logins.source_calls": "Within a minute, for each process, from one address: logins for which a provider is "
    "called. 0: no limit.",
    "logins.pool_calls": "The same, in one identity pool.",
    "limits.body": "Bytes of a request's body.",
    "limits.open_body": "The same, where nobody signed it; never more than `limits.body`.",
    "limits.requests": "Requests a second by class of operations (`{ UserRead = 120 }`), for each process.",
    "limits.rates": "Whether the limits below are kept. In development they are not.",
    **{
        f"limits.{scope}_{asked}": f"Within a minute, for each process, {of}: {what}. 0: no limit."
        for scope, of in (
            ("source", "from one address that no secret and no signature speaks for"),
            ("client", "at one app client"),
            ("pool", "in one pool"),
        )
        for asked, what in (
            ("sign_ins", "sign-ins begun"),
            ("answers", "challenges answered and codes brought"),
            ("sign_ups", "sign-ups"),
            ("codes", "codes asked for"),
            ("authorizations", "authorization requests"),
            ("tokens", "requests to the endpoints of clients (token, revocation, introspection)"),
        )
    },
    "limits.source_guests": "Within a minute, for each process, from one address: new guests of identity pools. 0: no "
    "limit.",
    "limits.source_failed_proofs": "Within a minute, for each process, from one address: clients that did not prove "
    "themselves. 0: no limit.",
    "limits.client_failed_proofs": "The same, for one client id, whether there is such a client or not.",
    "limits.plugin": "Seconds for one implementation of a hook, where `plugins.limits` does not name its plugin.",
    "messages.outbox": "A file that gets every message as a line of JSON. For development: codes are readable there.",
    "messages.smtp": "The settings of the e-mail sender.",
    "messages.twilio": "The settings of the SMS sender.",
    "messages.webhook": "The settings of the sender that hands messages to a service of yours.",
    "plugins.order": "These plugins are called first, in this order.",
    "plugins.blocked": "These are not loaded.",
    "plugins.enabled": "Only these are loaded. Not said: all that are installed.",
    "plugins.limits": "Seconds by plugin.",
    "triggers.functions": "In the file the table is `[triggers]` itself: where the functions are that pools name in "
    "their `LambdaConfig`, by ARN ([triggers.md](triggers.md)). In the environment it is a JSON object.",
    "gateway.token": "Who presents it as a bearer token may ask at `/authz/check`. Without one nobody may.",
    "gateway.apis": "APIs behind a gateway, by their ids, each with `pools`, `clients` and `scopes` whose tokens are "
    "good there, and `upstream`, where requests go on to; in the environment a JSON object.",
    "logging.format": "`console` is for people.",
    "logging.level": "`debug` shows tracebacks and the text of errors, which may quote what users sent.",
    "logging.trace_plugins": "A line for each call of a plugin: hook, outcome, time (`--trace-plugins`).",
    "dev.demo": "`poolhouse dev` makes a demo pool at its first start.",
    "dev.outbox_page": "`poolhouse dev` shows messages to whoever can reach it.",
    "dev.functions": "Where `poolhouse dev` looks for a function that `[triggers]` does not name: its name is put "
    "behind this.",
}


def table() -> str:
    """All settings in Markdown, in the order of the file. Raises ``KeyError`` for one without a meaning."""
    lines = ["| Setting | Environment | Value | Default | Meaning |", "|---|---|---|---|---|"]
    for section, kind in SECTIONS.items():
        for item in fields(kind):
            if "reader" not in item.metadata:
                continue
            name = f"{section}.{item.name}"
            cells = (f"`{name}`", _variables(section, item), _expected(item), _default(item), MEANINGS[name])
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def with_table(page: str) -> str:
    """The page with the table between its marks. Raises ``ValueError`` where there are none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError("the marks are missing")
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def _variables(section: str, item: Field[Any]) -> str:
    if item.type in ("Mapping[str, Any] | None", "Mapping[str, float]", "Mapping[str, Secret]"):
        return "-"
    short = item.metadata.get("short")
    long = f"`{PREFIX}{section.upper()}_{item.name.upper()}`"
    return f"`{PREFIX}{short}`" if short else long


def _expected(item: Field[Any]) -> str:
    """What the setting's reader says that it wants, when it gets something else."""
    try:
        item.metadata["reader"](object())
    except Wrong as wrong:
        return str(wrong)
    raise ValueError(f"{item.name} takes anything")


def _default(item: Field[Any]) -> str:
    value = item.default
    if value is MISSING or value is None or value in ("", ()):
        return "-"
    if isinstance(value, Secret):
        value = value.reveal()
    if isinstance(value, bool):
        value = str(value).lower()
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def main(words: list[str]) -> int:
    page = PAGE.read_text(encoding="utf-8")
    written = with_table(page)
    if "--check" in words:
        print("up to date" if page == written else "docs/operating.md is out of date: run make docs")
        return int(page != written)
    PAGE.write_text(written, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The settings, as values: each section is a frozen class, each setting knows how it is read. ``loading`` fills them.

Every setting has the name ``[section] name`` in the file and ``POOLHOUSE_<SECTION>_<NAME>`` in the environment; the
ones that automation relies on have a shorter name in the environment as well. The tables of plugins are in the file
only; there, and wherever a setting is a text, ``{ env = "NAME" }`` and ``{ file = "path" }`` fetch the value from
elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from poolhouse.config import values
from poolhouse.config.addresses import Listen, Network, read_base_url, read_host, read_listen, read_networks
from poolhouse.config.values import Reader, Secret, Wrong

STORES = ("memory:", "sqlite:", "mongodb://", "mongodb+srv://")


def _store(value: Any) -> Secret:
    store = values.secret(value)
    if not store.reveal().startswith(STORES) or store.reveal() == "sqlite:":
        raise Wrong("memory:, sqlite:PATH or mongodb://...")
    return store


def _region(value: Any) -> str:
    region = values.text(value)
    if not 1 <= len(region) <= 32 or not region.replace("-", "").isalnum() or not region.isascii():
        raise Wrong("a region name, such as us-east-1")
    return region


def _account(value: Any) -> str:
    if isinstance(value, str) and len(value) == 12 and value.isascii() and value.isdecimal():
        return value
    raise Wrong("a text of 12 digits")


OFFERED = ("user_pools", "identities", "gateway")
"""What a server can offer. Each stands without the others."""


def _parts(value: Any) -> tuple[str, ...]:
    parts = values.texts(value)
    if parts and len(set(parts)) == len(parts) and set(parts) <= set(OFFERED):
        return parts
    raise Wrong("some of " + ", ".join(OFFERED))


def _token_algorithm(value: Any) -> str:
    if value in ("RS512", "RS256"):
        return str(value)
    raise Wrong("RS512 or RS256")


def _address(value: Any) -> str:
    """Without a query: what is asked for is put behind it."""
    address = values.text(value)
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme in ("http", "https") and parts.hostname and not set(address) & set("?#@ "):
        return address
    raise Wrong("an absolute URL without query, such as https://api.example.com/keys")


_PER_MINUTE = values.whole(0, 10_000_000)


def _by(reader: Reader, short: str | None = None) -> dict[str, Any]:
    """How a setting is read, and its short name in the environment."""
    return {"reader": reader, "short": short}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """``threads`` do arithmetic (0: one per processor), ``queue`` the calls that may wait for them or run
    (0: 64 per thread). Asked to stop, the server answers for ``drain`` seconds more and says that it is not ready; then
    ``grace`` is how long running requests may take. ``base_url`` is never empty after loading."""

    listen: Listen = field(default=Listen("127.0.0.1", 8080), metadata=_by(read_listen, "LISTEN"))
    base_url: str = field(default="", metadata=_by(read_base_url, "BASE_URL"))
    region: str = field(default="us-east-1", metadata=_by(_region, "REGION"))
    parts: tuple[str, ...] = field(default=OFFERED, metadata=_by(_parts))
    """What is offered; the rest is not even loaded."""
    domain_suffix: str | None = field(default=None, metadata=_by(read_host))
    """Under it each prefix of a pool's domain is a name: ``<prefix>.<suffix>``. None: prefixes are paths alone."""
    account_id: str = field(default="000000000000", metadata=_by(_account, "ACCOUNT_ID"))
    threads: int = field(default=0, metadata=_by(values.whole(0, 256)))
    queue: int = field(default=0, metadata=_by(values.whole(0, 100_000)))
    grace: float = field(default=20.0, metadata=_by(values.seconds(0, 600)))
    drain: float = field(default=5.0, metadata=_by(values.seconds(0, 600)))
    trusted_proxies: tuple[Network, ...] = field(default=(), metadata=_by(read_networks))
    outbound_hosts: tuple[str, ...] = field(default=(), metadata=_by(values.texts))
    """Hosts that may be reached though they are not public: ``host``, ``host:port`` or ``http://host:port``."""
    metrics_token: Secret | None = field(default=None, metadata=_by(values.secret))
    """Who presents it as a bearer token may read /metrics. Without one nobody may (in development: anybody)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """``url`` is a secret: it may hold a password. ``patience`` is how long one request waits for the store in all.
    ``driver`` and ``calls`` are MongoDB's: by which of its libraries, and how many commands at once."""

    url: Secret = field(default=Secret("sqlite:poolhouse.db"), metadata=_by(_store, "STORE"))
    patience: float = field(default=2.0, metadata=_by(values.seconds(0.1, 60)))
    driver: str = field(default="motor", metadata=_by(values.one_of("motor", "pymongo")))
    calls: int = field(default=100, metadata=_by(values.whole(1, 10_000)))

    @property
    def kind(self) -> str:
        """``memory``, ``sqlite`` or ``mongodb``."""
        return self.url.reveal().partition(":")[0].removesuffix("+srv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Master:
    """The master key, or several with commas between them, the newest first; or the file that holds them."""

    key: Secret | None = field(default=None, metadata=_by(values.secret))
    key_file: str | None = field(default=None, metadata=_by(values.text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """The first administrator's access key: both, or neither."""

    access_key_id: str | None = field(default=None, metadata=_by(values.text))
    secret_access_key: Secret | None = field(default=None, metadata=_by(values.secret))


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """``roles_file`` is a file of roles in JSON, which stand beside those in the store."""

    roles_file: str | None = field(default=None, metadata=_by(values.text, "ROLES_FILE"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """``rotation_lead``: seconds between the publication of a new signing key and its first signature.
    ``keys_fresh``: seconds after which signing keys are read again."""

    rotation_lead: int = field(default=300, metadata=_by(values.whole(0, 86400)))
    keys_fresh: int = field(default=60, metadata=_by(values.whole(1, 3600)))
    reuse_ends_family: bool = field(default=False, metadata=_by(values.switch))
    """Whether a replaced refresh token that shows up again ends all that its sign-in gave (recommended)."""
    reset_ends_sessions: bool = field(default=True, metadata=_by(values.switch))
    """Whether a recovery, and a password that an administrator sets or resets, end what was given before."""
    reset_forgets_devices: bool = field(default=True, metadata=_by(values.switch))
    """Whether they make the user's remembered devices forgotten, too."""


_LIFE = values.whole(60, 400 * 86400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Of browsers, on the hosted pages; in seconds. ``idle`` is how long one may go unused, ``absolute`` how long it
    lasts at most; ``remembered`` one whose user asked for that, used or not."""

    idle: int = field(default=8 * 3600, metadata=_by(_LIFE))
    absolute: int = field(default=24 * 3600, metadata=_by(_LIFE))
    remembered: int = field(default=30 * 86400, metadata=_by(_LIFE))
    outlive_sign_out: bool = field(default=False, metadata=_by(values.switch))
    """Whether they go on after GlobalSignOut and AdminUserGlobalSignOut, as Cognito has it."""
    logout_ends_tokens: bool = field(default=True, metadata=_by(values.switch))
    """Whether ``/logout`` ends refresh tokens that were given in the session; Cognito's leaves them. The end-session
    endpoint of OpenID Connect always does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth:
    """``code_seconds``: how long a code is good; ``request_seconds``: how long the pages wait for a user."""

    code_seconds: int = field(default=60, metadata=_by(values.whole(10, 600)))
    request_seconds: int = field(default=1800, metadata=_by(values.whole(60, 86400)))
    implicit: bool = field(default=False, metadata=_by(values.switch))
    """Whether clients that have the implicit flow are given tokens by the authorization endpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passwords:
    """What an argon2id hash costs."""

    memory_kib: int = field(default=19456, metadata=_by(values.whole(8, 256 * 1024)))
    passes: int = field(default=2, metadata=_by(values.whole(1, 64)))
    lanes: int = field(default=1, metadata=_by(values.whole(1, 16)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """``body`` is in bytes, and so is ``open_body``, for requests that nobody signed; by default every request passes
    that makes sense, also as clients escape it. ``plugin`` is how many seconds one implementation of a hook may
    take."""

    body: int = field(default=4 * 1024 * 1024, metadata=_by(values.whole(1024, 16 * 1024 * 1024)))
    open_body: int = field(default=1280 * 1024, metadata=_by(values.whole(1024, 16 * 1024 * 1024)))
    plugin: float = field(default=5.0, metadata=_by(values.seconds(0.001, 600)))
    rates: bool = field(default=True, metadata=_by(values.switch))
    """Whether the limits below are kept; in development they are not. Each is a number within a minute, for each
    process; 0 is none."""
    requests: Mapping[str, int] = field(default_factory=dict, metadata=_by(values.figures_by_name))
    """Requests a second by class of operations, in one region and process, whoever asks."""
    source_sign_ins: int = field(default=300, metadata=_by(_PER_MINUTE))
    source_answers: int = field(default=900, metadata=_by(_PER_MINUTE))
    source_sign_ups: int = field(default=60, metadata=_by(_PER_MINUTE))
    source_codes: int = field(default=30, metadata=_by(_PER_MINUTE))
    source_authorizations: int = field(default=300, metadata=_by(_PER_MINUTE))
    source_tokens: int = field(default=600, metadata=_by(_PER_MINUTE))
    client_sign_ins: int = field(default=7_200, metadata=_by(_PER_MINUTE))
    client_answers: int = field(default=21_600, metadata=_by(_PER_MINUTE))
    client_sign_ups: int = field(default=3_000, metadata=_by(_PER_MINUTE))
    client_codes: int = field(default=1_800, metadata=_by(_PER_MINUTE))
    client_authorizations: int = field(default=14_400, metadata=_by(_PER_MINUTE))
    client_tokens: int = field(default=36_000, metadata=_by(_PER_MINUTE))
    pool_sign_ins: int = field(default=14_400, metadata=_by(_PER_MINUTE))
    pool_answers: int = field(default=43_200, metadata=_by(_PER_MINUTE))
    pool_sign_ups: int = field(default=6_000, metadata=_by(_PER_MINUTE))
    pool_codes: int = field(default=3_600, metadata=_by(_PER_MINUTE))
    pool_authorizations: int = field(default=28_800, metadata=_by(_PER_MINUTE))
    pool_tokens: int = field(default=72_000, metadata=_by(_PER_MINUTE))
    source_guests: int = field(default=300, metadata=_by(_PER_MINUTE))
    source_failed_proofs: int = field(default=60, metadata=_by(_PER_MINUTE))
    """Proofs of clients that fail, right ones behind them included until the minute is over."""
    client_failed_proofs: int = field(default=3_000, metadata=_by(_PER_MINUTE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """Of identity pools: how many there may be, how many ``providers`` of a kind in one, and how many ``rules`` for the
    roles of one provider."""

    pools: int = field(default=1_000, metadata=_by(values.whole(1, 1_000_000)))
    providers: int = field(default=50, metadata=_by(values.whole(1, 1_000)))
    rules: int = field(default=25, metadata=_by(values.whole(1, 400)))
    token_algorithm: str = field(default="RS512", metadata=_by(_token_algorithm))
    """What the tokens of identities are signed by."""
    guest_policy: Mapping[str, Any] | str | None = field(default=None, repr=False, metadata=_by(values.policy))
    """What credentials of guests are good for at most. None: what ``flows.access.guests`` says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """Of users of other providers, at identity pools. The addresses are those of the providers, for who has them
    elsewhere; None: such logins are not taken."""

    google_keys: str = field(default="https://www.googleapis.com/oauth2/v3/certs", metadata=_by(_address))
    apple_keys: str = field(default="https://appleid.apple.com/auth/keys", metadata=_by(_address))
    facebook_keys: str = field(
        default="https://limited.facebook.com/.well-known/oauth/openid/jwks/", metadata=_by(_address)
    )
    facebook_graph: str = field(default="https://graph.facebook.com", metadata=_by(_address))
    facebook_secrets: Mapping[str, Secret] = field(
        default_factory=dict, repr=False, metadata=_by(values.secrets_by_name)
    )
    """The secrets of apps by their ids: with one Facebook is asked as the app, and with the user's token without."""
    amazon_tokeninfo: str = field(default="https://api.amazon.com/auth/o2/tokeninfo", metadata=_by(_address))
    twitter_verify: str = field(
        default="https://api.twitter.com/1.1/account/verify_credentials.json", metadata=_by(_address)
    )
    digits_verify: str | None = field(default=None, metadata=_by(_address))
    """The service has been closed for years. Its host has to be one of ``server.outbound_hosts``, too."""
    saml_audiences: tuple[str, ...] = field(default=(), metadata=_by(values.texts))
    saml_recipients: tuple[str, ...] = field(default=(), metadata=_by(values.texts))
    """Empty: the server's address, and ``/saml`` there."""
    source_calls: int = field(default=60, metadata=_by(_PER_MINUTE))
    """How many calls of a provider one address may cause within a minute; ``pool_calls``: one pool. 0: no limit."""
    pool_calls: int = field(default=6_000, metadata=_by(_PER_MINUTE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """``outbox`` is a file that gets every message as a line, for development. The tables are the settings of the
    senders; None means that the sender is not used."""

    outbox: str | None = field(default=None, metadata=_by(values.text, "OUTBOX"))
    smtp: Mapping[str, Any] | None = field(default=None, repr=False, metadata=_by(values.table))
    twilio: Mapping[str, Any] | None = field(default=None, repr=False, metadata=_by(values.table))
    webhook: Mapping[str, Any] | None = field(default=None, repr=False, metadata=_by(values.table))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugins:
    """``order`` names come first, in this order; ``blocked`` are not loaded; ``enabled`` are the only ones loaded, None
    means all that are installed. ``limits`` are seconds by plugin. ``tables`` are the ``[plugins.<name>]``, by name."""

    order: tuple[str, ...] = field(default=(), metadata=_by(values.texts))
    blocked: tuple[str, ...] = field(default=(), metadata=_by(values.texts))
    enabled: tuple[str, ...] | None = field(default=None, metadata=_by(values.texts))
    limits: Mapping[str, float] = field(default_factory=dict, metadata=_by(values.seconds_by_name))
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    def table(self, name: str) -> Mapping[str, Any]:
        """The plugin's own settings; empty where there are none."""
        return self.tables.get(name, {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Triggers:
    """The section itself is the table: ``functions`` says, by ARN, where the functions are that pools name."""

    functions: Mapping[str, str] = field(default_factory=dict, metadata=_by(values.functions, "TRIGGERS"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """``apis`` says, by their ids, what is set for APIs that stand behind a gateway of ours or of others: ``pools``,
    ``clients`` and ``scopes`` whose tokens are good there, and ``upstream`` where requests go on to. Who signs a
    request needs nothing of it: their policies decide. With the ``token`` a gateway may ask at /authz/check; without
    one nobody may."""

    token: Secret | None = field(default=None, metadata=_by(values.secret))
    apis: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, metadata=_by(values.guarded_apis))


@dataclass(frozen=True, slots=True, kw_only=True)
class Logging:
    format: str = field(default="json", metadata=_by(values.one_of("json", "console")))
    level: str = field(default="info", metadata=_by(values.one_of("debug", "info", "warning", "error")))
    trace_plugins: bool = field(default=False, metadata=_by(values.switch))
    """Whether each call of a plugin is a line of the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Development:
    """``enabled`` comes from the command (``poolhouse dev``), not from a setting. ``demo`` makes a pool and a client at
    the first start; ``outbox_page`` shows messages to whoever can reach the server. ``functions`` is where a function
    is looked for that ``[triggers]`` does not name; its name is put behind it."""

    enabled: bool = False
    demo: bool = field(default=True, metadata=_by(values.switch))
    outbox_page: bool = field(default=True, metadata=_by(values.switch))
    functions: str = field(default="http://127.0.0.1:9914/", metadata=_by(values.text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``warnings`` are sentences for the log: things that work, and are probably not meant."""

    server: Server = Server()
    store: Store = Store()
    master: Master = Master()
    root: Root = Root()
    access: Access = Access()
    tokens: Tokens = Tokens()
    oauth: OAuth = OAuth()
    sessions: Sessions = Sessions()
    passwords: Passwords = Passwords()
    identities: Identities = Identities()
    logins: Logins = Logins()
    limits: Limits = Limits()
    messages: Messages = Messages()
    plugins: Plugins = Plugins()
    triggers: Triggers = Triggers()
    gateway: Gateway = Gateway()
    logging: Logging = Logging()
    dev: Development = Development()
    warnings: tuple[str, ...] = ()


SECTIONS: Mapping[str, type[Any]] = {
    "server": Server,
    "store": Store,
    "master": Master,
    "root": Root,
    "access": Access,
    "tokens": Tokens,
    "oauth": OAuth,
    "sessions": Sessions,
    "passwords": Passwords,
    "identities": Identities,
    "logins": Logins,
    "limits": Limits,
    "messages": Messages,
    "plugins": Plugins,
    "triggers": Triggers,
    "gateway": Gateway,
    "logging": Logging,
    "dev": Development,
}

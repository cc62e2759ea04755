"""Every kind of document, declared once, and whose it is: a pool's, or the server's."""

from __future__ import annotations

from poolhouse.store.plugin_documents import PLUGIN_DOCUMENTS
from poolhouse.store.port import Collection

POOLS = Collection("pools")
CLIENTS = Collection("clients")
CLIENT_POOLS = Collection("client_pools", small=True)
"""Which pool a client id belongs to: requests name the client alone."""
DOMAINS = Collection("domains")
DOMAIN_NAMES = Collection("domain_names", small=True)
"""Which pool the name of a domain belongs to: a name is claimed once among all pools."""
USERS = Collection(
    "users",
    indexes=(
        "username",
        "sub",
        "email",
        "phone_number",
        "name",
        "given_name",
        "family_name",
        "preferred_username",
        "user_status",
        "status",
    ),
)
NAMES = Collection("names", small=True)
GROUPS = Collection("groups")
RESOURCE_SERVERS = Collection("resource_servers")
MEMBERSHIPS = Collection("memberships", small=True)
MEMBERS = Collection("members", small=True)
DEVICES = Collection("devices")
PASSKEYS = Collection("passkeys", indexes=("user",))
PASSKEY_OPTIONS = Collection("passkey_options", lasting=False)
ATTEMPTS = Collection("attempts", lasting=False)
CODES = Collection("codes")
GRANTS = Collection("grants", indexes=("session",))
AUTHORIZATION_REQUESTS = Collection("authorization_requests", lasting=False)
AUTHORIZATION_CODES = Collection("authorization_codes", lasting=False)
CONSENTS = Collection("consents")
BROWSER_SESSIONS = Collection("browser_sessions", indexes=("user", "session"))
COUNTERS = Collection("counters", lasting=False, small=True)
CENSUS = Collection("census", lasting=False, small=True)
"""How many users a pool has. What the loss of power takes is counted again."""
SIGNING_KEYS = Collection("signing_keys")
OUTBOX = Collection("outbox", indexes=("due",))
JOBS = Collection("jobs", indexes=("due",))
ACCESS_KEYS = Collection("access_keys")
ROLES = Collection("roles")
MANAGED_POLICIES = Collection("managed_policies")
OIDC_PROVIDERS = Collection("oidc_providers")
SAML_PROVIDERS = Collection("saml_providers")
IDENTITY_POOLS = Collection("identity_pools")
IDENTITIES = Collection("identities")
"""By their ids alone: no operation on one names its pool."""
POOL_IDENTITIES = Collection("pool_identities", small=True)
"""Which identities a pool has. It is written first, and removed last."""
LOGINS = Collection("logins", indexes=("identity",))
AUDIT = Collection("audit")
SERVER = Collection("server")
"""What the server remembers of itself."""

OF_POOL = (
    CLIENTS,
    SIGNING_KEYS,
    GRANTS,
    AUTHORIZATION_REQUESTS,
    AUTHORIZATION_CODES,
    CONSENTS,
    BROWSER_SESSIONS,
    NAMES,
    USERS,
    GROUPS,
    RESOURCE_SERVERS,
    DOMAINS,
    MEMBERSHIPS,
    MEMBERS,
    DEVICES,
    PASSKEYS,
    PASSKEY_OPTIONS,
    ATTEMPTS,
    CODES,
    COUNTERS,
    CENSUS,
)
"""A pool's own, under keys that begin with its id: removed with it, in this order."""

OF_IDENTITY_POOL = (LOGINS, POOL_IDENTITIES)
"""An identity pool's own, under keys that begin with its id. Its identities are reached by the last."""

OF_SERVER = (
    POOLS,
    CLIENT_POOLS,
    DOMAIN_NAMES,
    OUTBOX,
    JOBS,
    ACCESS_KEYS,
    ROLES,
    MANAGED_POLICIES,
    OIDC_PROVIDERS,
    SAML_PROVIDERS,
    IDENTITY_POOLS,
    IDENTITIES,
    AUDIT,
    SERVER,
    PLUGIN_DOCUMENTS,
)
"""What outlives a pool, or leads to it. The trail is kept on purpose; messages of the pool are looked for, and
dropped."""

ALL = (*OF_POOL, *OF_IDENTITY_POOL, *OF_SERVER)

"""Every kind of document, declared once."""

from __future__ import annotations

from poolhouse.store.plugin_documents import PLUGIN_DOCUMENTS
from poolhouse.store.port import Collection

POOLS = Collection("pools")
CLIENTS = Collection("clients", indexes=("srp",))
CLIENT_POOLS = Collection("client_pools")
"""Which pool a client id belongs to: requests name the client alone."""
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
NAMES = Collection("names")
GROUPS = Collection("groups")
MEMBERSHIPS = Collection("memberships")
MEMBERS = Collection("members")
ATTEMPTS = Collection("attempts", lasting=False)
CODES = Collection("codes")
GRANTS = Collection("grants")
COUNTERS = Collection("counters", lasting=False)
SIGNING_KEYS = Collection("signing_keys")
OUTBOX = Collection("outbox", indexes=("due",))
JOBS = Collection("jobs", indexes=("due",))
ACCESS_KEYS = Collection("access_keys")
AUDIT = Collection("audit")
SERVER = Collection("server")
"""What the server remembers of itself."""

ALL = (
    POOLS,
    CLIENTS,
    CLIENT_POOLS,
    USERS,
    NAMES,
    GROUPS,
    MEMBERSHIPS,
    MEMBERS,
    ATTEMPTS,
    CODES,
    GRANTS,
    COUNTERS,
    SIGNING_KEYS,
    OUTBOX,
    JOBS,
    ACCESS_KEYS,
    AUDIT,
    SERVER,
    PLUGIN_DOCUMENTS,
)

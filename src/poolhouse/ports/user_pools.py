"""All ports of user pools together, for the places that wire their flows. A flow names the ones that it needs."""

from __future__ import annotations

from dataclasses import dataclass

from poolhouse.ports.arithmetic import PasskeyProofs, Passwords, Srp, Tokens
from poolhouse.ports.census import Censuses
from poolhouse.ports.clients import Clients
from poolhouse.ports.domains import Domains
from poolhouse.ports.factors import Devices, Passkeys
from poolhouse.ports.grants import Grants, Sessions
from poolhouse.ports.groups import Groups
from poolhouse.ports.jobs import JobLeases
from poolhouse.ports.keys import SigningKeyRing
from poolhouse.ports.messages import Outbox
from poolhouse.ports.oauth import AuthorizationCodes, AuthorizationRequests, Consents, ResourceServers
from poolhouse.ports.pools import Pools
from poolhouse.ports.protection import Counters
from poolhouse.ports.sign_in import Attempts, Codes
from poolhouse.ports.users import Users


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    pools: Pools
    clients: Clients
    domains: Domains
    users: Users
    censuses: Censuses
    groups: Groups
    resource_servers: ResourceServers
    authorization_requests: AuthorizationRequests
    authorization_codes: AuthorizationCodes
    consents: Consents
    attempts: Attempts
    codes: Codes
    grants: Grants
    sessions: Sessions
    devices: Devices
    passkeys: Passkeys
    counters: Counters
    outbox: Outbox
    jobs: JobLeases
    passwords: Passwords
    srp: Srp
    passkey_proofs: PasskeyProofs
    tokens: Tokens
    key_ring: SigningKeyRing

"""All flows, wired to each other. The faces get this and nothing below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from poolhouse.flows.accounts.administration import UserAdministration
from poolhouse.flows.accounts.contacts import Attributes
from poolhouse.flows.accounts.profile import Profile
from poolhouse.flows.accounts.recovery import Recovery
from poolhouse.flows.accounts.sign_up import SignUp
from poolhouse.flows.clients.administration import ClientAdministration
from poolhouse.flows.clients.secrets import ClientSecrets
from poolhouse.flows.directory.groups import GroupAdministration
from poolhouse.flows.directory.lookup import Directory
from poolhouse.flows.directory.passwords import Credentials
from poolhouse.flows.flow import Kit
from poolhouse.flows.grants.lifetime import Grants
from poolhouse.flows.messages.codes import CodeProcess
from poolhouse.flows.messages.words import Messenger
from poolhouse.flows.pools.administration import PoolAdministration
from poolhouse.flows.protection.lockout import Lockout
from poolhouse.flows.sign_in.begin import SignIn
from poolhouse.flows.sign_in.end import SignInEnd
from poolhouse.flows.sign_in.machine import Machine
from poolhouse.flows.sign_in.migration import Migration
from poolhouse.flows.sign_in.table import sign_in_table
from poolhouse.hooks.answers.sign_in import Challenge, Stage


@dataclass(frozen=True, slots=True)
class Services:
    pools: PoolAdministration
    clients: ClientAdministration
    groups: GroupAdministration
    users: UserAdministration
    sign_up: SignUp
    sign_in: SignIn
    sign_in_end: SignInEnd
    recovery: Recovery
    profile: Profile
    grants: Grants


def build_services(
    kit: Kit,
    *,
    challenges: Sequence[Challenge] = (),
    stages: Sequence[Stage] = (),
    reuse_ends_family: bool = False,
) -> Services:
    """``challenges`` and ``stages`` are those of plugins; ours are added here, and registered no differently."""
    pools = PoolAdministration(kit.pools, kit.tokens, kit.jobs, kit.chance, kit.clock, kit.audit)
    secrets = ClientSecrets(kit.secrets, kit.chance)
    clients = ClientAdministration(kit.pools, kit.clients, secrets, kit.chance, kit.clock, kit.audit)
    groups = GroupAdministration(kit.pools, kit.groups, kit.chance, kit.clock, kit.audit)
    directory = Directory(kit)
    credentials = Credentials(kit)
    lockout = Lockout(kit.counters, kit.clock)
    messenger = Messenger(kit)
    codes = CodeProcess(kit, messenger)
    attributes = Attributes(kit, codes)
    migration = Migration(kit, directory, credentials)
    grants = Grants(kit, secrets, reuse_ends_family=reuse_ends_family)
    table = sign_in_table(kit, directory, credentials, lockout, migration, challenges=challenges, stages=stages)
    return Services(
        pools=pools,
        clients=clients,
        groups=groups,
        users=UserAdministration(kit, directory, credentials, messenger, attributes, lockout),
        sign_up=SignUp(kit, directory, secrets, credentials, codes),
        sign_in=SignIn(kit, Machine(kit, lockout, table), directory, secrets, table),
        sign_in_end=SignInEnd(grants),
        recovery=Recovery(kit, directory, secrets, credentials, codes, lockout, migration),
        profile=Profile(kit, grants, attributes, credentials, lockout),
        grants=grants,
    )

"""All flows, wired to each other. The faces get this and nothing below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from poolhouse.flows.accounts.administration import UserAdministration
from poolhouse.flows.accounts.contacts import Attributes
from poolhouse.flows.accounts.profile import Profile
from poolhouse.flows.accounts.recovery import Recovery
from poolhouse.flows.accounts.sign_up import SignUp
from poolhouse.flows.accounts.unfinished import UnfinishedSignUps
from poolhouse.flows.clients.administration import ClientAdministration
from poolhouse.flows.clients.on_pages import OnPages
from poolhouse.flows.clients.proof import ClientProof
from poolhouse.flows.clients.resource_servers import ResourceServerAdministration
from poolhouse.flows.clients.secrets import ClientSecrets
from poolhouse.flows.directory.groups import GroupAdministration
from poolhouse.flows.directory.lookup import Directory
from poolhouse.flows.directory.passwords import Credentials
from poolhouse.flows.factors.contacts import MessageFactors
from poolhouse.flows.factors.devices import KnownDevices, RememberedDevices
from poolhouse.flows.factors.enrolment import Enrolments
from poolhouse.flows.factors.first import CODES, FirstFactors
from poolhouse.flows.factors.known import Factors
from poolhouse.flows.factors.message_code import message_factors
from poolhouse.flows.factors.passkeys import PasskeyRegistrations
from poolhouse.flows.factors.plugged import PluggedFactor
from poolhouse.flows.factors.preferences import Preferences
from poolhouse.flows.factors.recovery_codes import RecoveryCode, RecoveryCodeSets
from poolhouse.flows.flow import World
from poolhouse.flows.grants.bearer import Bearers
from poolhouse.flows.grants.handles import Handles
from poolhouse.flows.grants.issue import Grants
from poolhouse.flows.grants.notices import Notices
from poolhouse.flows.grants.refresh import Refreshing
from poolhouse.flows.grants.revoke import Revocation
from poolhouse.flows.grants.session_terms import USUAL, SessionTerms
from poolhouse.flows.grants.sessions import BrowserSessions
from poolhouse.flows.messages.codes import CodeProcess
from poolhouse.flows.messages.words import Messenger
from poolhouse.flows.pools.administration import PoolAdministration, knows_none
from poolhouse.flows.pools.census import PoolCensus
from poolhouse.flows.pools.domains import DomainAdministration, Surroundings
from poolhouse.flows.pools.signing_keys import SigningKeyAdministration
from poolhouse.flows.protection.limits import NONE, Limits, Rates
from poolhouse.flows.protection.lockout import Lockout, as_first
from poolhouse.flows.protection.proofs import FailedProofs
from poolhouse.flows.sign_in.again import Again
from poolhouse.flows.sign_in.begin import SignIn
from poolhouse.flows.sign_in.challenges.custom import NAME as CUSTOM
from poolhouse.flows.sign_in.end import SignInEnd
from poolhouse.flows.sign_in.hosted import HostedSignIn
from poolhouse.flows.sign_in.machine import Machine
from poolhouse.flows.sign_in.migration import Migration
from poolhouse.flows.sign_in.set_up import FactorSetUps
from poolhouse.flows.sign_in.signed_up import SignUpSessions
from poolhouse.flows.sign_in.table import sign_in_table
from poolhouse.flows.transfer.exporting import UserExport
from poolhouse.flows.transfer.factors import FactorTransfer
from poolhouse.flows.transfer.importing import LineImport
from poolhouse.flows.transfer.running import UserImport
from poolhouse.hooks.answers.factors import Factor
from poolhouse.hooks.answers.sign_in import Challenge, Stage
from poolhouse.ports.user_pools import Ports
from poolhouse.records.factors import WEB_AUTHN


class Services(Struct, frozen=True):
    pools: PoolAdministration
    domains: DomainAdministration
    clients: ClientAdministration
    resource_servers: ResourceServerAdministration
    groups: GroupAdministration
    users: UserAdministration
    sign_up: SignUp
    sign_in: SignIn
    sign_in_end: SignInEnd
    hosted: HostedSignIn
    on_pages: OnPages
    recovery: Recovery
    profile: Profile
    enrolments: Enrolments
    factor_set_ups: FactorSetUps
    message_factors: MessageFactors
    factors: Factors
    first_factors: FirstFactors
    preferences: Preferences
    devices: RememberedDevices
    passkeys: PasskeyRegistrations
    recovery_codes: RecoveryCodeSets
    grants: Grants
    refreshing: Refreshing
    revocation: Revocation
    bearers: Bearers
    sessions: BrowserSessions
    signing_keys: SigningKeyAdministration
    imports: UserImport
    exports: UserExport
    limits: Limits
    proofs: FailedProofs


def build_services(
    world: World,
    ports: Ports,
    *,
    challenges: Sequence[Challenge] = (),
    stages: Sequence[Stage] = (),
    factors: Sequence[Factor] = (),
    reuse_ends_family: bool = False,
    reset_ends_sessions: bool = True,
    reset_forgets_devices: bool = True,
    session_terms: SessionTerms = USUAL,
    rates: Rates = NONE,
    knows_function: Callable[[str], bool] = knows_none,
    surroundings: Surroundings | None = None,
) -> Services:
    """``challenges``, ``stages`` and ``factors`` are those of plugins; ours are added here, and registered no
    differently."""
    clock, chance, audit = world.clock, world.chance, world.audit
    census = PoolCensus(ports.censuses, ports.jobs, clock)
    secrets = ClientSecrets(world.secrets, chance)
    proof = ClientProof(secrets, audit)
    directory = Directory(world, ports.users)
    credentials = Credentials(world, ports.passwords, ports.srp)
    lockout = Lockout(ports.counters, clock, (CUSTOM, *map(as_first, (*CODES, WEB_AUTHN))))
    limits = Limits(clock, world.hooks, rates)
    domains = DomainAdministration(ports.pools, ports.domains, clock, audit, surroundings)
    proofs = FailedProofs(clock, world.hooks, rates.proofs)
    messenger = Messenger(world, ports.outbox, domains.address_of)
    codes = CodeProcess(world, ports.codes, ports.counters, messenger)
    attributes = Attributes(world, ports.users, codes, limits)
    migration = Migration(world, ports.users, ports.passwords, directory, credentials, messenger)
    handles = Handles(world.secrets, chance)
    grants = Grants(world, ports.pools, ports.groups, ports.grants, ports.tokens, handles)
    bearers = Bearers(world, ports.pools, ports.clients, ports.users, ports.grants, ports.tokens)
    told = Notices(ports.clients, ports.jobs).put
    sessions = BrowserSessions(world, ports.sessions, ports.users, ports.grants, told, session_terms)
    groups = GroupAdministration(ports.pools, ports.groups, chance, clock, audit)
    in_lines = FactorTransfer(world.secrets, chance, ports.passkeys)
    lines = LineImport(world, ports.users, ports.groups, groups, ports.passwords, in_lines)
    sms, email, sms_first = message_factors(world, ports.users, directory, codes, limits)
    plugged = [PluggedFactor(world, ports.counters, factor) for factor in factors]
    known = Factors((sms, email), plugged, backups=(RecoveryCode(world, ports.users, messenger),))
    first = FirstFactors(known, ports.passkeys, alone=(sms_first,))
    devices = KnownDevices(world, ports.devices)
    enrolments = Enrolments(world, ports.users, known, bearers, lockout, limits)
    by_message = MessageFactors(world, ports.users, known, bearers, lockout, limits)
    again = Again(world, ports.pools, ports.users, ports.groups, has_stages=bool(stages))
    sign_ups = SignUpSessions(world, ports.attempts)
    table = sign_in_table(
        world,
        ports,
        directory,
        credentials,
        lockout,
        migration,
        known,
        first,
        enrolments,
        by_message,
        again,
        devices,
        sign_ups,
        challenges=challenges,
        stages=stages,
    )
    machine = Machine(world, ports.users, ports.attempts, lockout, devices, table, again)
    sign_in = SignIn(world, ports.pools, ports.users, machine, directory, secrets, table, limits, lockout)
    factor_set_ups = FactorSetUps(world, ports.clients, sign_in, machine, enrolments, limits, secrets)
    on_pages = OnPages(secrets)
    return Services(
        pools=PoolAdministration(
            ports.pools,
            ports.tokens,
            ports.jobs,
            census,
            chance,
            clock,
            audit,
            domains=ports.domains,
            knows_function=knows_function,
            factors=known.names,
        ),
        domains=domains,
        clients=ClientAdministration(ports.pools, ports.clients, ports.resource_servers, secrets, chance, clock, audit),
        resource_servers=ResourceServerAdministration(ports.pools, ports.resource_servers, audit),
        groups=groups,
        users=UserAdministration(
            world,
            ports.users,
            directory,
            credentials,
            messenger,
            attributes,
            lockout,
            sessions,
            ends_sessions=reset_ends_sessions,
            forgets_devices=reset_forgets_devices,
        ),
        sign_up=SignUp(
            world,
            ports.pools,
            ports.users,
            directory,
            proof,
            credentials,
            codes,
            limits,
            UnfinishedSignUps(world, ports.passwords, lockout, codes),
            sign_ups,
        ),
        sign_in=sign_in,
        sign_in_end=SignInEnd(grants, devices, audit, sessions),
        hosted=HostedSignIn(world, sign_in, factor_set_ups, known, on_pages),
        on_pages=on_pages,
        recovery=Recovery(
            world,
            ports.pools,
            ports.users,
            ports.counters,
            directory,
            proof,
            credentials,
            codes,
            lockout,
            migration,
            limits,
            sessions,
            ends_sessions=reset_ends_sessions,
            forgets_devices=reset_forgets_devices,
        ),
        profile=Profile(
            world,
            ports.users,
            ports.counters,
            ports.passwords,
            bearers,
            attributes,
            credentials,
            lockout,
            limits,
            sessions,
        ),
        enrolments=enrolments,
        factor_set_ups=factor_set_ups,
        message_factors=by_message,
        factors=known,
        first_factors=first,
        preferences=Preferences(world, ports.users, known, first, bearers, directory, lockout),
        devices=RememberedDevices(world, ports.devices, devices, ports.grants, ports.srp, bearers, directory),
        passkeys=PasskeyRegistrations(world, ports.passkeys, ports.passkey_proofs, bearers, lockout, limits),
        recovery_codes=RecoveryCodeSets(world, ports.users, known, bearers, lockout, limits),
        grants=grants,
        refreshing=Refreshing(
            world,
            ports.pools,
            ports.users,
            ports.grants,
            secrets,
            handles,
            grants,
            proofs,
            reuse_ends_family=reuse_ends_family,
        ),
        revocation=Revocation(world, ports.grants, proof, handles, proofs),
        bearers=bearers,
        sessions=sessions,
        signing_keys=SigningKeyAdministration(ports.pools, ports.clients, ports.key_ring, clock, audit),
        imports=UserImport(ports.pools, lines, ports.jobs, clock),
        exports=UserExport(ports.users, ports.groups, ports.passwords, world.secrets, audit, in_lines),
        limits=limits,
        proofs=proofs,
    )

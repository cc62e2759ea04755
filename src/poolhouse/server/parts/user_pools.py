"""User pools: their records, their flows, the API over them, and their keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse.config.settings import Settings
from poolhouse.crypto.passkeys import WebAuthn
from poolhouse.crypto.passwords import Argon2Costs, PasswordHashes
from poolhouse.crypto.srp import Srp6a
from poolhouse.flows.grants.id_tokens import IdTokenUsers
from poolhouse.flows.grants.session_terms import SessionTerms
from poolhouse.flows.jobs.worker import Kind
from poolhouse.flows.pools.census import CENSUS, CensusTaking
from poolhouse.flows.pools.domains import Surroundings
from poolhouse.flows.pools.removal import POOL_REMOVAL, PoolRemoval
from poolhouse.flows.protection.limits import NONE, Asked, ProofRates, Rates
from poolhouse.flows.services.user_pools import build_services
from poolhouse.hooks import specs
from poolhouse.hooks.events.server import Register
from poolhouse.hooks.registered import RegisteredChallenge, RegisteredFactor, registered_stage
from poolhouse.ports.identities import UserPoolsHere
from poolhouse.ports.user_pools import Ports
from poolhouse.server.cognito.user_pools.api import user_pools_api
from poolhouse.server.ground import Ground, knows_function
from poolhouse.server.part import Built, Part
from poolhouse.store.repositories.census import CensusRepository
from poolhouse.store.repositories.clients import ClientRepository
from poolhouse.store.repositories.domains import DomainRepository
from poolhouse.store.repositories.factors import DeviceRepository, PasskeyRepository
from poolhouse.store.repositories.grants import BrowserSessionRepository, GrantRepository
from poolhouse.store.repositories.groups import Memberships
from poolhouse.store.repositories.keys import SigningKeyRepository
from poolhouse.store.repositories.messages import OutboxRepository
from poolhouse.store.repositories.oauth import (
    AuthorizationCodeRepository,
    AuthorizationRequestRepository,
    ConsentRepository,
    ResourceServerRepository,
)
from poolhouse.store.repositories.protection import CounterRepository
from poolhouse.store.repositories.sign_in import AttemptRepository, CodeRepository
from poolhouse.store.repositories.users import UserRepository
from poolhouse.tokens.keys import KeyRing, RingLimits
from poolhouse.tokens.making import WorkersKeyMaker


async def build(ground: Ground, _: Built) -> Part:
    """Gives the ports, the flows, and the keys of the pools."""
    world = ground.world
    ports, keys = await _ports(ground)
    register = Register()
    hooks, settings = ground.hooks, ground.settings
    services = build_services(
        world,
        ports,
        challenges=[
            RegisteredChallenge(challenge, by)
            for by, some in await hooks.each(specs.register_challenges, register)
            for challenge in some
        ],
        stages=[
            registered_stage(stage, by)
            for by, some in await hooks.each(specs.register_stages, register)
            for stage in some
        ],
        factors=[
            RegisteredFactor(factor, by)
            for by, some in await hooks.each(specs.register_factors, register)
            for factor in some
        ],
        reuse_ends_family=settings.tokens.reuse_ends_family,
        reset_ends_sessions=settings.tokens.reset_ends_sessions,
        reset_forgets_devices=settings.tokens.reset_forgets_devices,
        session_terms=_session_terms(settings),
        rates=_rates(settings),
        knows_function=knows_function(settings, ground.plugins),
        surroundings=Surroundings(base_url=settings.server.base_url, suffix=settings.server.domain_suffix),
    )
    removal = PoolRemoval(ports.pools, world.clock, messages=OutboxRepository(ground.store, ground.cursors))
    return Part(
        apis=(user_pools_api(services, settings.server.account_id),),
        jobs=(
            Kind(POOL_REMOVAL, removal.go_on),
            Kind(CENSUS, CensusTaking(ports.censuses, world.clock).go_on),
        ),
        gives=(_here(ports, keys), ports, services, keys),
    )


def _here(ports: Ports, keys: KeyRing) -> UserPoolsHere:
    """For those who take ID tokens as logins."""
    users = IdTokenUsers(ports.pools, ports.clients, ports.users, ports.grants)

    async def verify(token: str) -> Mapping[str, Any]:
        return await keys.verify(token, "id")

    return UserPoolsHere(has=users.has, verify=verify, require_current=users.require_current)


def _session_terms(settings: Settings) -> SessionTerms:
    said = settings.sessions
    return SessionTerms(
        idle=said.idle,
        absolute=said.absolute,
        remembered=said.remembered,
        outlives_sign_out=said.outlive_sign_out,
    )


def _rates(settings: Settings) -> Rates:
    limits = settings.limits
    if not limits.rates or settings.dev.enabled:
        return NONE
    return Rates(
        by_source={
            Asked.SIGN_IN: limits.source_sign_ins,
            Asked.ANSWER: limits.source_answers,
            Asked.SIGN_UP: limits.source_sign_ups,
            Asked.CODE: limits.source_codes,
            Asked.AUTHORIZATION: limits.source_authorizations,
            Asked.TOKEN: limits.source_tokens,
        },
        by_client={
            Asked.SIGN_IN: limits.client_sign_ins,
            Asked.ANSWER: limits.client_answers,
            Asked.SIGN_UP: limits.client_sign_ups,
            Asked.CODE: limits.client_codes,
            Asked.AUTHORIZATION: limits.client_authorizations,
            Asked.TOKEN: limits.client_tokens,
        },
        by_pool={
            Asked.SIGN_IN: limits.pool_sign_ins,
            Asked.ANSWER: limits.pool_answers,
            Asked.SIGN_UP: limits.pool_sign_ups,
            Asked.CODE: limits.pool_codes,
            Asked.AUTHORIZATION: limits.pool_authorizations,
            Asked.TOKEN: limits.pool_tokens,
        },
        proofs=ProofRates(by_source=limits.source_failed_proofs, by_client=limits.client_failed_proofs),
    )


async def _ports(ground: Ground) -> tuple[Ports, KeyRing]:
    settings, store, vault, cursors = ground.settings, ground.store, ground.vault, ground.cursors
    clock, chance, workers = ground.surroundings.clock, ground.surroundings.chance, ground.workers
    costs = settings.passwords
    formats = [f for some in await ground.hooks.all(specs.register_password_formats, Register()) for f in some]
    keys = KeyRing(
        settings.server.base_url,
        SigningKeyRepository(store),
        vault,
        ground.surroundings.key_maker or WorkersKeyMaker(workers.keys),
        clock,
        RingLimits(lead=settings.tokens.rotation_lead, fresh=settings.tokens.keys_fresh),
    )
    memberships = Memberships(store, cursors)
    ports = Ports(
        passwords=PasswordHashes(
            workers.passwords, vault, chance, Argon2Costs(costs.memory_kib, costs.passes, costs.lanes), formats
        ),
        srp=Srp6a(workers.proofs, chance),
        passkey_proofs=WebAuthn(workers.proofs),
        tokens=keys,
        key_ring=keys,
        pools=ground.pools,
        clients=ClientRepository(store, cursors, clock),
        domains=DomainRepository(store, clock),
        users=UserRepository(store, cursors, memberships),
        censuses=CensusRepository(store),
        groups=memberships,
        resource_servers=ResourceServerRepository(store, cursors, clock),
        authorization_requests=AuthorizationRequestRepository(store, vault),
        authorization_codes=AuthorizationCodeRepository(store),
        consents=ConsentRepository(store, cursors),
        attempts=AttemptRepository(store, vault),
        codes=CodeRepository(store),
        grants=GrantRepository(store),
        sessions=BrowserSessionRepository(store),
        devices=DeviceRepository(store, cursors),
        passkeys=PasskeyRepository(store, cursors),
        counters=CounterRepository(store),
        outbox=ground.outbox,
        jobs=ground.leases,
    )
    return ports, keys

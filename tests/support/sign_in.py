"""Sign-ins over the flows, said as clients say them: parameters in, challenge parameters out, tokens at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from poolhouse.flows.grants.issue import TokenSet
from poolhouse.flows.services.user_pools import Services
from poolhouse.flows.sign_in import machine
from poolhouse.records.clients import Client
from poolhouse.server.cognito.user_pools import challenges


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    flow: str
    parameters: Mapping[str, str] = field(repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict)
    session: str | None = field(default=None, repr=False)
    by_admin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    challenge: str
    handle: str | None = field(repr=False)
    answers: Mapping[str, str] = field(repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asking:
    challenge: str
    handle: str = field(repr=False)
    public: Mapping[str, str] = field(default_factory=dict, repr=False)
    available: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedIn:
    tokens: TokenSet


Reply = Asking | SignedIn


async def initiate(services: Services, client: Client, opening: Opening) -> Reply:
    begun = challenges.opening(
        opening.flow, opening.parameters, opening.metadata, opening.session, by_admin=opening.by_admin
    )
    return await _reply(services, await services.sign_in.initiate(client, begun))


async def respond(services: Services, client: Client, answer: Answer) -> Reply:
    answered = challenges.answer(answer.challenge, answer.handle, answer.answers, answer.metadata)
    return await _reply(services, await services.factor_set_ups.respond(client, answered))


async def _reply(services: Services, reply: machine.Reply) -> Reply:
    if isinstance(reply, machine.Finished):
        return SignedIn(await services.sign_in_end.tokens(reply))
    shown = challenges.asked(reply)
    return Asking(
        shown["ChallengeName"],
        shown["Session"],
        shown["ChallengeParameters"],
        tuple(shown.get("AvailableChallenges", ())),
    )

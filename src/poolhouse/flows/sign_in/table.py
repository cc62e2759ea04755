"""SIGN_IN: the ways to begin, what can be asked, and the stages after the first proof. A new factor or way to begin is
a module and its line here."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from poolhouse.flows.directory.lookup import Directory
from poolhouse.flows.directory.passwords import Credentials
from poolhouse.flows.factors.contacts import MessageFactors
from poolhouse.flows.factors.devices import KnownDevices
from poolhouse.flows.factors.enrolment import Enrolments
from poolhouse.flows.factors.first import FirstFactors
from poolhouse.flows.factors.known import Factors
from poolhouse.flows.flow import World
from poolhouse.flows.protection.lockout import Lockout
from poolhouse.flows.sign_in.again import Again
from poolhouse.flows.sign_in.challenges.custom import CustomChallenge
from poolhouse.flows.sign_in.challenges.device import DeviceSrp, DeviceVerifier
from poolhouse.flows.sign_in.challenges.factor import FactorChallenge
from poolhouse.flows.sign_in.challenges.new_password import NewPassword
from poolhouse.flows.sign_in.challenges.passkey import PasskeyChallenge
from poolhouse.flows.sign_in.challenges.set_up_factor import SetUp
from poolhouse.flows.sign_in.challenges.srp import PasswordVerifier
from poolhouse.flows.sign_in.challenges.strangers import StrangersChallenge
from poolhouse.flows.sign_in.migration import Migration
from poolhouse.flows.sign_in.openings.choice import ByChoice
from poolhouse.flows.sign_in.openings.passkey import ByPasskeyAlone
from poolhouse.flows.sign_in.openings.password import ByPassword
from poolhouse.flows.sign_in.openings.plugins import ByPlugins
from poolhouse.flows.sign_in.openings.srp import BySrp
from poolhouse.flows.sign_in.password import PasswordCheck
from poolhouse.flows.sign_in.second_factor import SecondFactor
from poolhouse.flows.sign_in.signed_up import SignUpSessions
from poolhouse.flows.sign_in.steps import Challenge, Opens
from poolhouse.hooks.answers import sign_in as offered
from poolhouse.ports.user_pools import Ports


class Table(Struct, frozen=True):
    """``stages`` run by their ``order``. ``second`` knows what may be given in place of a second factor, ``alone``
    how a sign-in begins without a name."""

    openings: tuple[Opens, ...]
    challenges: tuple[Challenge, ...]
    stages: tuple[offered.Stage, ...]
    second: SecondFactor
    alone: ByPasskeyAlone


def sign_in_table(
    world: World,
    ports: Ports,
    directory: Directory,
    credentials: Credentials,
    lockout: Lockout,
    migration: Migration,
    factors: Factors,
    first: FirstFactors,
    enrolments: Enrolments,
    contacts: MessageFactors,
    again: Again,
    devices: KnownDevices,
    sign_ups: SignUpSessions,
    *,
    challenges: Sequence[offered.Challenge] = (),
    stages: Sequence[offered.Stage] = (),
) -> Table:
    """Ours, and then those of plugins."""
    passwords = PasswordCheck(world, ports.users, ports.passwords, credentials, lockout, migration, again)
    custom = CustomChallenge(world, lockout)
    choice = ByChoice(passwords, first, sign_ups)
    new_password = NewPassword(world, ports.users, credentials)
    second = SecondFactor(factors)
    return Table(
        openings=(
            ByPassword(passwords),
            BySrp(),
            ByPlugins(custom, second),
            choice,
        ),
        challenges=(
            PasswordVerifier(world, ports.srp, directory, credentials),
            custom,
            new_password,
            *choice.challenges,
            PasskeyChallenge(world, ports.passkeys, ports.passkey_proofs, first, directory),
            second,
            SetUp(factors, enrolments, contacts),
            DeviceSrp(world, ports.srp, devices, lockout),
            DeviceVerifier(world, ports.srp, devices, lockout),
            *(FactorChallenge(factor, first) for factor in (*factors.each(), *first.alone, *factors.backups)),
            *(StrangersChallenge(challenge) for challenge in challenges),
        ),
        stages=(new_password.stage(), second.stage(), *stages),
        second=second,
        alone=ByPasskeyAlone(ports.users, ports.passkeys, first, directory),
    )

"""What plugins say to a sign-up before it, and hear of it once it is confirmed."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from poolhouse.errors import InvalidParameter
from poolhouse.errors.reasons import Reason
from poolhouse.flows.directory.shown import attributes_for_hooks
from poolhouse.flows.flow import Flow
from poolhouse.hooks import specs
from poolhouse.hooks.answers.accounts import SignUpDecision
from poolhouse.hooks.events.accounts import PostConfirmation, PreSignUp
from poolhouse.records.clients import Client
from poolhouse.records.pools import Pool
from poolhouse.records.users import CONFIRMED, UNCONFIRMED, User


class SignUpPlugins(Flow):
    async def before(
        self,
        pool: Pool,
        client: Client,
        draft: User,
        validation_data: Mapping[str, str],
        metadata: Mapping[str, str],
    ) -> SignUpDecision:
        """What plugins decide of somebody who signs up. Raises what they refuse with, and ``InvalidParameter``."""
        event = PreSignUp(
            source="PreSignUp_SignUp",
            pool_id=pool.id,
            client_id=client.id,
            username=draft.username,
            attributes=dict(draft.attributes),
            validation_data=validation_data,
            client_metadata=metadata,
        )
        asks = self.world.hooks.implements(specs.pre_sign_up, pool)
        answers = await self.world.hooks.all(specs.pre_sign_up, event) if asks else []
        decision = SignUpDecision(
            confirm=any(a.confirm for a in answers),
            verify_email=any(a.verify_email for a in answers),
            verify_phone=any(a.verify_phone for a in answers),
        )
        for attribute, wanted in (("email", decision.verify_email), ("phone_number", decision.verify_phone)):
            if wanted and not draft.attributes.get(attribute):
                raise InvalidParameter(Reason.DECIDED_CONTACT_MISSING, attribute=attribute)
        return decision

    async def after(self, pool: Pool, client: Client | None, user: User, metadata: Mapping[str, str]) -> None:
        """Plugins know that the user is confirmed."""
        event = PostConfirmation(
            source="PostConfirmation_ConfirmSignUp",
            pool_id=pool.id,
            client_id=client.id if client else None,
            username=user.username,
            attributes=attributes_for_hooks(user),
            client_metadata=metadata,
        )
        if self.world.hooks.implements(specs.post_confirmation, pool):
            await self.world.hooks.all(specs.post_confirmation, event)


def decided(draft: User, decision: SignUpDecision) -> User:
    """The user as plugins want them."""
    attributes = dict(draft.attributes)
    if decision.verify_email:
        attributes["email_verified"] = "true"
    if decision.verify_phone:
        attributes["phone_number_verified"] = "true"
    return replace(draft, attributes=attributes, status=CONFIRMED if decision.confirm else UNCONFIRMED)

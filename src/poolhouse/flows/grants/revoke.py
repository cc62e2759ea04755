"""The end of what a sign-in gave, by its refresh token (RFC 7009)."""

from __future__ import annotations

from msgspec.structs import replace

from poolhouse.errors import (
    InvalidRefreshToken,
    NotAuthorized,
    Unauthorized,
    UnsupportedOperation,
    UnsupportedTokenType,
    VersionConflict,
)
from poolhouse.errors.reasons import Reason
from poolhouse.flows.clients.proof import ClientProof
from poolhouse.flows.flow import Flow, World, step
from poolhouse.flows.grants.handles import Handles
from poolhouse.flows.protection.proofs import FailedProofs
from poolhouse.ports.grants import Grants
from poolhouse.ports.origin import by_user
from poolhouse.records.clients import Client


class Revocation(Flow):
    def __init__(
        self, world: World, grants: Grants, proof: ClientProof, handles: Handles, proofs: FailedProofs
    ) -> None:
        super().__init__(world)
        self._grants = grants
        self._proof = proof
        self._handles = handles
        self._proofs = proofs

    @step("grants.revoke")
    async def revoke(self, client: Client, token: str, client_secret: str | None) -> None:
        """The refresh token, and all that its family gave, has ended. An unknown token is no error (RFC 7009 section
        2.2).

        Raises ``Unauthorized``, ``TooManyRequests``, ``UnsupportedOperation``, ``UnsupportedTokenType``.
        """
        try:
            async with self._proofs.counted(client.pool_id, client.id):
                await self._proof.by_secret(client, client_secret)
        except NotAuthorized as wrong:
            raise Unauthorized(wrong.statement) from None
        if not client.revocable:
            raise UnsupportedOperation(Reason.REVOCATION_DISABLED)
        if token.count(".") == 2:
            raise UnsupportedTokenType
        try:
            grant_id, _ = self._handles.parts(token)
        except InvalidRefreshToken:
            return
        for _ in range(5):
            grant = await self._grants.get(client.pool_id, grant_id)
            if grant is None or grant.client_id != client.id or grant.revoked:
                return
            try:
                await self._grants.save(replace(grant, revoked=True))
            except VersionConflict:
                continue
            await self.world.audit.note(
                "grants.revoked",
                pool_id=grant.pool_id,
                client_id=client.id,
                subject=grant.user_sub,
                actor=by_user(grant.user_sub),
                facts={"event_id": grant.id},
            )
            return
        raise VersionConflict

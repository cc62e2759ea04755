"""Messages that a pool's own function sends, in place of any other sender."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from poolhouse import DeliveryFailed, Directory, Message, Refused, Sent
from poolhouse.plugins.lambda_bridge import said
from poolhouse.plugins.lambda_bridge.calling import Functions, NotReached

TRIGGERS = {"email": "CustomEmailSender", "sms": "CustomSMSSender"}


class SenderRaised(Exception):  # noqa: N818 - read as a statement
    """The function raised an error; whether it had sent the message, nobody knows."""


class FunctionSender:
    name = "lambda_bridge"
    channels = frozenset({"email:function", "sms:function"})

    def __init__(self, functions: Functions, directory: Callable[[str], Awaitable[Directory | None]]) -> None:
        self._functions = functions
        self._directory = directory

    async def send(self, message: Message) -> Sent:
        """The function has the message. It gets it once: only one that was surely not called is called again."""
        pool = await self._directory(message.pool_id)
        if pool is None:
            raise DeliveryFailed("The pool is gone.", final=True)
        trigger = TRIGGERS[message.channel]
        try:
            await self._functions.tell(trigger, message.function, said.send_message(pool, message))
        except NotReached as error:
            raise DeliveryFailed(str(error), ours=True) from error
        except Refused as error:
            raise SenderRaised(f"{trigger} raised an error.") from error
        return Sent(self.name)

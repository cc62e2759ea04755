"""The root of the errors: what it says, and to whom."""

from __future__ import annotations

from typing import ClassVar

from poolhouse.errors.reasons import Reason
from poolhouse.errors.statements import Fact, Statement


class PoolhouseError(Exception):
    """The root. ``str(error)`` is the sentence that may be shown to the caller; ``detail`` is for the log only.

    ``statement`` is the same for a program: a reason and its facts, so that a page can say it in another language. It
    is None where a plugin uses its own words, given as a text; the product itself always gives a reason (none: the
    usual one of the class).
    """

    usual: ClassVar[Reason] = Reason.NOT_COMPLETED

    def __init__(
        self, says: Reason | Statement | str | None = None, /, *, detail: str | None = None, **facts: Fact
    ) -> None:
        self.statement: Statement | None = None
        if isinstance(says, str) and says:
            sentence = says
        else:
            self.statement = says if isinstance(says, Statement) else Statement(says or self.usual, **facts)
            sentence = str(self.statement)
        super().__init__(sentence)
        self.detail = detail


class Failed(PoolhouseError):
    pass

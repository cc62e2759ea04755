"""How far the user has come in a request's pages: what stands sealed with the request, between two of them.

Nothing of it is in an address or in a form, so no browser can say it (security rows 21, 24). The handle of the
sign-in's attempt is here, and the question that is asked, so that a page can be shown again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from poolhouse.flows.sign_in import questions
from poolhouse.flows.sign_in.machine import Asking
from poolhouse.flows.sign_in.questions import Question

_QUESTIONS: Final[Mapping[str, type[Question]]] = {
    kind.__name__: kind
    for kind in vars(questions).values()
    if isinstance(kind, type) and issubclass(kind, Question) and kind is not Question
}


class Waiting(Struct, frozen=True):
    """A challenge that waits for its answer; ``kind`` and ``question`` are the question's."""

    challenge: str
    handle: str
    kind: str
    question: dict[str, Any] = {}

    @property
    def asking(self) -> Asking:
        return Asking(self.challenge, self.handle, msgspec.convert(self.question, _QUESTIONS[self.kind]))

    @classmethod
    def of(cls, asking: Asking) -> Waiting:
        return cls(
            asking.challenge, asking.handle, type(asking.question).__name__, msgspec.to_builtins(asking.question)
        )

    def __repr__(self) -> str:
        return f"Waiting(challenge={self.challenge!r})"


class SetUp(Struct, frozen=True):
    """A factor that is being set up, and what the user needs for it."""

    factor: str
    shown: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"SetUp(factor={self.factor!r})"


class CodeSent(Struct, frozen=True):
    """A code that went, or seems to have gone, to the contact of a name. ``session`` is that of a sign-up."""

    username: str
    destination: str | None = None
    medium: str | None = None
    session: str | None = None

    def __repr__(self) -> str:
        return "CodeSent()"


class Progress(Struct, frozen=True, kw_only=True):
    """``username`` is what was typed, ``way`` the chosen way to begin as long as nothing was proven, ``remembers``
    whether the browser is to keep the session. ``passkey`` is asked on the first page, whoever it is. ``confirming``
    waits for the code of a sign-up, ``resetting`` for that of a forgotten password. ``notice`` is the id of good news
    for the next page. ``codes`` are recovery codes that ``owner`` (a sub), who is signed in, has not seen yet.
    ``remembers_browser``: no second factor is to be asked for here for a while. ``adding`` is a factor that sends
    codes, whose contact the user is giving. ``offers``: the owner, who has no passkey, is asked whether to add one."""

    username: str = ""
    way: str | None = None
    remembers: bool = False
    waiting: Waiting | None = None
    passkey: Waiting | None = None
    set_up: SetUp | None = None
    confirming: CodeSent | None = None
    resetting: CodeSent | None = None
    notice: str | None = None
    codes: tuple[str, ...] = ()
    owner: str = ""
    remembers_browser: bool = False
    adding: str = ""
    offers: bool = False

    @property
    def is_to_be_seen(self) -> bool:
        """Whether there is something for the owner's eyes before the way to the client."""
        return bool(self.codes) or self.offers

    @property
    def question(self) -> Question | None:
        """What waits for an answer."""
        return self.waiting.asking.question if self.waiting is not None else None

    def asked(self, asking: Asking, *, way: str | None = None, notice: str | None = None) -> Progress:
        """This is asked now. ``way`` is how the sign-in begins, where nothing was proven yet."""
        return replace(self, way=way, waiting=Waiting.of(asking), passkey=None, set_up=None, notice=notice)

    def again(self) -> Progress:
        """The sign-in begins anew, for whoever typed the name."""
        return Progress(username=self.username, remembers=self.remembers)

    def __repr__(self) -> str:
        return f"Progress(way={self.way!r}, waiting={self.waiting!r})"


_BEGINNING: Final = Progress()


def read(private: Mapping[str, Any]) -> Progress:
    """What cannot be read, an older version's or nobody's, is a beginning."""
    if not private:
        return _BEGINNING
    try:
        progress = msgspec.convert(private, Progress)
    except msgspec.ValidationError:
        return Progress()
    if progress.waiting is not None and progress.waiting.kind not in _QUESTIONS:
        return progress.again()
    return progress


def written(progress: Progress) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(progress)
    return {name: value for name, value in found.items() if value not in (None, "", False, [], ())}

"""bcrypt hashes, as old systems wrote them."""

from __future__ import annotations

import re

import bcrypt

from poolhouse import Fit

_HASH = re.compile(r"\$2[aby]\$(?P<cost>0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}")
_COUNTED = 72
"""bcrypt looks at so many bytes of a password. Old systems cut the rest off in silence; the library raises."""


class BcryptFormat:
    """``$2a$``, ``$2b$`` and ``$2y$``, up to a cost of 16 (some seconds)."""

    name = "bcrypt"

    def recognises(self, encoded: str) -> bool:
        return _HASH.fullmatch(encoded) is not None

    def verify(self, encoded: str, password: str) -> Fit:
        """Whether the password fits, as far as bcrypt looks. Raises ``ValueError`` for what is no such hash."""
        if not self.recognises(encoded):
            raise ValueError("not a bcrypt hash")
        secret = password.encode("utf-8", "surrogatepass")
        counted = secret[:_COUNTED]
        # C code of old ended a password at a zero byte, so no user can have one.
        if b"\x00" in counted or not bcrypt.checkpw(counted, encoded.encode()):
            return Fit.NO
        # What came behind was not proven: the hash must not be replaced by one of it.
        return Fit.WHOLE if counted == secret else Fit.IN_PART

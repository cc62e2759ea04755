"""The vendor's published service models: which operations exist, their shapes, who may call them, what they may answer.

Only the JSON files that botocore ships are read; the package itself is never imported (that costs half a second).
A model is loaded once, at start.
"""

from __future__ import annotations

import gzip
import importlib.util
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

CallerClass: TypeAlias = Literal["public", "token", "signed"]
"""Who may call: anybody, the holder of an access token in the input, or the holder of an access key."""


class Source(msgspec.Struct, frozen=True):
    """Where a model stands in botocore's data. ``bearer`` is the input member that holds access tokens."""

    service: str
    version: str
    bearer: str | None = None


class Reference(msgspec.Struct, frozen=True):
    """A mention of a shape."""

    shape: str


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """What a value must look like. ``min`` and ``max`` bound a length, or the value of a number."""

    type: str
    members: dict[str, Reference] = {}
    required: tuple[str, ...] = ()
    member: Reference | None = None
    key: Reference | None = None
    value: Reference | None = None
    min: float | None = None
    max: float | None = None
    pattern: str | None = None
    enum: tuple[str, ...] = ()
    sensitive: bool = False
    document: bool = False
    union: bool = False


class Operation(msgspec.Struct, frozen=True):
    """``errors`` are the declared exception names; ``sensitive`` the input members that no log may hold.

    ``output`` is None where the answer has no body.
    """

    name: str
    target: str
    input: str
    output: str | None
    caller: CallerClass
    errors: frozenset[str]
    sensitive: frozenset[str]


class ServiceModel(msgspec.Struct, frozen=True):
    """``service`` is the name that signatures and policies use."""

    service: str
    operations: Mapping[str, Operation]
    shapes: Mapping[str, Shape]


class _Metadata(msgspec.Struct, rename="camel"):
    target_prefix: str
    endpoint_prefix: str
    signing_name: str | None = None


class _Operation(msgspec.Struct):
    name: str
    input: Reference
    output: Reference | None = None
    errors: list[Reference] = []
    authtype: str | None = None
    auth: list[str] = []


class _Model(msgspec.Struct):
    metadata: _Metadata
    operations: dict[str, _Operation]
    shapes: dict[str, Shape]


@cache
def load_model(source: Source) -> ServiceModel:
    """The model of a service, read once per process: it never changes.

    Raises ``LookupError`` when botocore does not hold it."""
    raw = msgspec.json.decode(_read(source), type=_Model)
    return ServiceModel(
        service=raw.metadata.signing_name or raw.metadata.endpoint_prefix,
        operations={
            name: _operation(operation, raw.metadata.target_prefix, raw.shapes, source.bearer)
            for name, operation in sorted(raw.operations.items())
        },
        shapes=raw.shapes,
    )


def _read(source: Source) -> bytes:
    package = importlib.util.find_spec("botocore")
    if package is None or not package.submodule_search_locations:
        raise LookupError("botocore is not installed; its service models are needed")
    folder = Path(package.submodule_search_locations[0]) / "data" / source.service / source.version
    packed, plain = folder / "service-2.json.gz", folder / "service-2.json"
    if packed.is_file():
        return gzip.decompress(packed.read_bytes())
    if plain.is_file():
        return plain.read_bytes()
    raise LookupError(f"botocore has no model of {source.service} {source.version}")


def _operation(raw: _Operation, prefix: str, shapes: Mapping[str, Shape], bearer: str | None) -> Operation:
    members = shapes[raw.input.shape].members
    return Operation(
        name=raw.name,
        target=f"{prefix}.{raw.name}",
        input=raw.input.shape,
        output=raw.output.shape if raw.output else None,
        caller=_caller(raw, members, bearer),
        errors=frozenset(error.shape for error in raw.errors),
        sensitive=frozenset(name for name, reference in members.items() if shapes[reference.shape].sensitive),
    )


def _caller(raw: _Operation, members: Mapping[str, Reference], bearer: str | None) -> CallerClass:
    """Signed unless the model says otherwise in so many words."""
    if raw.authtype == "none" or raw.auth == ["smithy.api#noAuth"]:
        return "token" if bearer in members else "public"
    return "signed"

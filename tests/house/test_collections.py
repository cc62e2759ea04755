"""Each kind of document says whose it is, so that whoever deletes a pool need not know them by heart."""

from __future__ import annotations

from poolhouse.store.plugin_documents import PLUGIN_DOCUMENTS
from poolhouse.store.port import Collection
from poolhouse.store.repositories import collections


def test_every_kind_of_document_has_one_owner() -> None:
    declared = {value.name for value in vars(collections).values() if isinstance(value, Collection)}
    owned = [collection.name for collection in collections.ALL]

    assert sorted(declared | {PLUGIN_DOCUMENTS.name}) == sorted(owned)

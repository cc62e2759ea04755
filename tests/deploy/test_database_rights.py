"""``deploy/mongodb.js``: the rights that the store uses, and no more."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.support.fronts import DEPLOY

STORE = Path(__file__).parents[2] / "src" / "poolhouse" / "store"

NEEDS = {
    "insert_one": {"insert"},
    "find_one": {"find"},
    "find": {"find"},
    "replace_one": {"find", "update"},
    "update_one": {"find", "update"},
    "delete_one": {"remove"},
    "find_one_and_delete": {"find", "remove"},
    "find_one_and_update": {"find", "update", "insert"},
    "create_indexes": {"createIndex"},
    # Who has signed in may say these.
    "command": set(),
}
"""What each call of the driver asks MongoDB's rights for."""


def test_the_database_user_has_the_rights_that_the_store_uses_and_no_more() -> None:
    (listed,) = re.findall(r"actions: \[(.*)\]", (DEPLOY / "mongodb.js").read_text(encoding="utf-8"))
    used = {
        node.attr
        for module in STORE.glob("mo*.py")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in _verbs_of_the_driver()
    }

    assert set() == used - set(NEEDS), "say in NEEDS what it needs"
    assert set(re.findall(r'"(\w+)"', listed)) == set().union(*(NEEDS[verb] for verb in used))


def _verbs_of_the_driver() -> set[str]:
    """Everything that can be asked of a collection or a database, but for what looks like anything else."""
    from pymongo.collection import Collection
    from pymongo.database import Database

    verbs = {name for kind in (Collection, Database) for name in dir(kind) if not name.startswith("_")}
    return verbs - {"name", "client", "database", "with_options"}

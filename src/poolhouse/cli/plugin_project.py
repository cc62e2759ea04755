"""``poolhouse plugins new``: the project of a plugin, with a test, types and CI."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from poolhouse.cli.failures import SETTINGS, Failure

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

FILES: Final = {
    "pyproject.toml": """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "poolhouse-NAME"
version = "0.1.0"
description = "A Poolhouse plugin"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["poolhouse>=0.1"]

[project.optional-dependencies]
test = ["poolhouse[testing]", "mypy"]

[project.entry-points.poolhouse]
NAME = "PACKAGE:CLASS"

[tool.hatch.build.targets.wheel]
packages = ["src/PACKAGE"]

[tool.mypy]
strict = true
files = ["src", "tests"]

[tool.pytest.ini_options]
testpaths = ["tests"]
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
filterwarnings = ["error"]
""",
    "README.md": """\
# poolhouse-NAME

A plugin for Poolhouse. Its settings, in `poolhouse.toml`:

```toml
[plugins.NAME]
names = ["admin", "root"]
```

Poolhouse is on no index yet, so its wheel stands in `wheels`, made from a checkout:

```sh
python3 -m venv .venv
.venv/bin/pip wheel --no-deps --wheel-dir wheels /path/to/poolhouse
.venv/bin/pip install wheels/*.whl --editable '.[test]'
.venv/bin/pytest
.venv/bin/mypy
```
""",
    "src/PACKAGE/__init__.py": '''\
"""Nobody signs up under one of these names. Say here what your plugin does."""

from poolhouse import PluginContext, PreSignUp, Refused, hookimpl


class CLASS:
    def __init__(self, context: PluginContext) -> None:
        context.settings.only("names")
        self._names = {str(name).casefold() for name in context.settings.get("names", ["admin", "root"])}

    @hookimpl
    async def pre_sign_up(self, event: PreSignUp) -> None:
        if event.username.casefold() in self._names:
            raise Refused("This name is reserved")
''',
    "src/PACKAGE/py.typed": "",
    "tests/test_PLAIN.py": """\
import pytest

from poolhouse.testing import House


@pytest.fixture
def poolhouse_plugins() -> list[str]:
    return ["NAME"]  # the installed plugin, by name


async def test_a_reserved_name_is_refused(poolhouse: House) -> None:
    client = await poolhouse.make_client(await poolhouse.make_pool())

    with pytest.raises(poolhouse.boto3().exceptions.UserLambdaValidationException, match="This name is reserved"):
        await poolhouse.aws("sign_up", ClientId=client.id, Username="Admin", Password="Passw0rd!")


async def test_any_other_name_is_free(poolhouse: House) -> None:
    client = await poolhouse.make_client(await poolhouse.make_pool())

    answer = await poolhouse.aws("sign_up", ClientId=client.id, Username="jane", Password="Passw0rd!")

    assert answer["UserSub"]
""",
    ".github/workflows/ci.yml": """\
name: ci
on: [push, pull_request]
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.11"
      - run: pip install wheels/*.whl --editable '.[test]' # without the wheel once Poolhouse is on an index
      - run: pytest
      - run: mypy
""",
    ".gitignore": "__pycache__/\n.venv/\n.mypy_cache/\n.pytest_cache/\ndist/\n",
}
"""By path. NAME is the plugin's name, PACKAGE its package, CLASS its class, PLAIN the name as Python can say it."""


def new_project(name: str, parent: Path) -> Path:
    """The folder of the new project. Raises ``Failure``: it is there already, or the name is none."""
    if not _NAME.fullmatch(name):
        raise Failure("The name of a plugin is small letters, digits and hyphens, as in reserved-names.", SETTINGS)
    folder = parent / f"poolhouse-{name}"
    if folder.exists():
        raise Failure(f"{folder} is there already.")
    plain = name.replace("-", "_")
    words = {
        "PACKAGE": f"poolhouse_{plain}",
        "PLAIN": plain,
        "CLASS": "".join(part.title() for part in name.split("-")),
        "NAME": name,
    }
    for path, text in FILES.items():
        file = folder / _filled(path, words)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(_filled(text, words), encoding="utf-8")
        except OSError as error:
            raise Failure(f"{file} cannot be written: {error.strerror}.") from None
    return folder


def _filled(text: str, words: dict[str, str]) -> str:
    return re.sub("|".join(words), lambda found: words[found.group()], text)

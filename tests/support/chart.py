"""The Helm chart of ``deploy/``, rendered: by Helm, or where it is not installed by a reading of the few words that the
chart's templates are made of."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import Any

import yaml

from tests.support.command import PATIENCE
from tests.support.fronts import DEPLOY

CHART = DEPLOY / "helm"
GIVEN = {
    "baseUrl": "https://auth.example.com",
    "secrets.masterKey": "0f1e2d3c4b5a69788796a5b4c3d2e1f00123456789abcdeffedcba9876543210",
    "secrets.storeUrl": "mongodb://db/poolhouse",
    "secrets.rootSecret": "a-secret-of-the-root-key",
}
"""What the chart cannot do without."""


def rendered() -> dict[str, Any]:
    """The chart's objects by kind: by Helm where it is installed, or else with the templating read over."""
    helm = os.environ.get("POOLHOUSE_TEST_HELM") or shutil.which("helm")
    if helm:
        said = [word for name, value in GIVEN.items() for word in ("--set", f"{name}={value}")]
        subprocess.run([helm, "lint", "--strict", str(CHART), *said], check=True, timeout=PATIENCE)
        done = subprocess.run(
            [helm, "template", "poolhouse", str(CHART), *said],
            check=True,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        text = done.stdout
    else:
        text = "\n---\n".join(
            _read_over(file.read_text(encoding="utf-8")) for file in sorted(CHART.glob("templates/*"))
        )
    return {each["kind"]: each for each in yaml.safe_load_all(text) if each}


def _read_over(template: str) -> str:
    """The template of the values that are there by default, for the few words that ours are made of."""
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    for name, value in GIVEN.items():
        *parents, last = name.split(".")
        target = values
        for parent in parents:
            target = target[parent]
        target[last] = value
    kept, shown = [], [True]
    for line in template.splitlines():
        if alone := re.fullmatch(r"\s*\{\{-? *(.*?) *-?\}\}", line):
            word, _, rest = alone[1].partition(" ")
            if word == "if":
                negated = rest.startswith("not ")
                shown.append(shown[-1] and bool(_value(rest.removeprefix("not "), values)) is not negated)
            elif word == "end":
                shown.pop()
            elif shown[-1] and (many := re.fullmatch(r"(?:toYaml )?(\S+) \| nindent (\d+)", alone[1])):
                given = _value(many[1], values)
                block = yaml.safe_dump(given) if isinstance(given, dict) else str(given)
                kept += [" " * int(many[2]) + each for each in block.splitlines()]
            continue
        if shown[-1]:
            kept.append(re.sub(r"\{\{-? *(.*?) *-?\}\}", lambda match: _inline(match[1], values), line))
    assert shown == [True]
    return "\n".join(kept)


def _value(path: str, values: Any) -> Any:
    assert path.startswith(".Values."), path
    for name in path.removeprefix(".Values.").split("."):
        values = values[name]
    return values


def _inline(expression: str, values: Any) -> str:
    if expression == ".Release.Name":
        return "poolhouse"
    if expression == "$host | quote":
        return '"auth.example.com"'
    if expression == "add .Values.drain .Values.grace 20":
        return str(values["drain"] + values["grace"] + 20)
    if "sha256sum" in expression:
        return "0"
    if "| default" in expression:
        given, _, other = expression.partition(" | default ")
        return str(_value(given, values) or ("poolhouse-secrets" if "Release" in other else "0.1.0"))
    (path,) = re.findall(r"\.Values\.\S+", expression)
    value = _value(path, values)
    if "toJson" in expression or "quote" in expression:
        return str(value).replace("'", '"') if isinstance(value, list) else f'"{value}"'
    return str(value)

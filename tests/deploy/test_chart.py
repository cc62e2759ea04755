"""The Helm chart: settings that Poolhouse can use, pods that may do little, objects that find each other."""

from __future__ import annotations

from pathlib import Path

import yaml

from poolhouse.config.settings import Limits
from tests.support.chart import CHART, rendered
from tests.support.deployed import IMAGE, settings, stops_within


def test_the_charts_poolhouse_has_settings_that_it_can_use(tmp_path: Path) -> None:
    objects = rendered()
    mount = "/run/secrets/poolhouse"
    secrets = {}
    for name, value in objects["Secret"]["stringData"].items():
        secrets[f"{mount}/{name}"] = tmp_path / name
        (tmp_path / name).write_text(value, encoding="utf-8")

    given = settings(objects["ConfigMap"]["data"]["poolhouse.toml"], secrets, tmp_path)

    assert "https://auth.example.com" == given.server.base_url
    assert "mongodb://db/poolhouse" == given.store.url.reveal()
    pod = objects["Deployment"]["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] >= stops_within(given)
    assert mount in [each["mountPath"] for each in pod["containers"][0]["volumeMounts"]]


def test_the_charts_pods_may_do_little() -> None:
    pod = rendered()["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert int(IMAGE.last("USER").partition(":")[0]) == pod["securityContext"]["runAsUser"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert "RuntimeDefault" == pod["securityContext"]["seccompProfile"]["type"]
    assert pod["automountServiceAccountToken"] is False
    assert {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    } == container["securityContext"]


def test_the_chart_asks_whether_a_pod_lives_and_whether_it_is_ready() -> None:
    (container,) = rendered()["Deployment"]["spec"]["template"]["spec"]["containers"]

    assert "/healthz" == container["livenessProbe"]["httpGet"]["path"]
    assert "/readyz" == container["readinessProbe"]["httpGet"]["path"]
    assert container["ports"] == [{"name": "http", "containerPort": int(IMAGE.last("EXPOSE"))}]
    # What a pod says while it stops is seen before it refuses anything.
    probe = container["readinessProbe"]
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    assert probe["periodSeconds"] * probe["failureThreshold"] < values["drain"]


def test_the_charts_objects_find_each_other() -> None:
    objects = rendered()
    labels = objects["Deployment"]["spec"]["template"]["metadata"]["labels"]

    assert labels == objects["Service"]["spec"]["selector"]
    assert labels == objects["Deployment"]["spec"]["selector"]["matchLabels"]
    assert labels == objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]
    (rule,) = objects["Ingress"]["spec"]["rules"]
    assert "auth.example.com" == rule["host"]
    assert {objects["Service"]["metadata"]["name"]} == {
        path["backend"]["service"]["name"] for path in rule["http"]["paths"]
    }
    volumes = objects["Deployment"]["spec"]["template"]["spec"]["volumes"]
    assert {objects["ConfigMap"]["metadata"]["name"]} == {v["configMap"]["name"] for v in volumes if "configMap" in v}
    assert {objects["Secret"]["metadata"]["name"]} == {v["secret"]["secretName"] for v in volumes if "secret" in v}


def test_the_charts_ingress_takes_bodies_as_large_as_the_server_does() -> None:
    annotations = rendered()["Ingress"]["metadata"]["annotations"]

    assert str(Limits().body) == annotations["nginx.ingress.kubernetes.io/proxy-body-size"]

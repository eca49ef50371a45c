import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_the_slurm_script_is_bash():
    assert subprocess.run(["bash", "-n", DEPLOY / "slurm.sh"], check=False).returncode == 0


def test_the_manifest_asks_for_what_the_batch_needs():
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    found = yaml.safe_load((DEPLOY / "kuberay.yaml").read_text())
    assert (found["apiVersion"], found["kind"]) == ("ray.io/v1", "RayCluster")
    head, (workers,) = found["spec"]["headGroupSpec"], found["spec"]["workerGroupSpecs"]
    ports = head["template"]["spec"]["containers"][0]["ports"]
    assert {port["containerPort"] for port in ports} == {6379, 10001}
    assert head["rayStartParams"]["num-cpus"] == "0"  # no clip is made where the cluster is looked after
    assert workers["minReplicas"] <= workers["replicas"] <= workers["maxReplicas"]

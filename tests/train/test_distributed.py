"""Two processes that train one model, as `torchrun` starts them: the same weights as one process on both halves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from server_process import ROOT
from torch import nn

from motionalchemy.train import distributed
from motionalchemy.train.loop import Schedule, averaged, train

STEPS = 6


class Halves(nn.Module):
    """Two matrices, and a vector that only the batches of even number reach."""

    matrices = ("blocks.",)

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.blocks = nn.ModuleList(nn.Linear(16, 16, bias=False) for _ in range(2))
        self.even = nn.Parameter(torch.randn(16, generator=generator))
        for block in self.blocks:
            block.weight.data = torch.randn(16, 16, generator=generator)


def fit(folder: Path, batches, muon: bool):
    """Train on the batches of these numbers in turn, several of them one step after the other's weights."""
    model = Halves()

    def one(number):
        x = torch.randn(8, 16, generator=torch.Generator().manual_seed(number))
        error = (model.blocks[1](model.blocks[0](x)) - x.flip(1)).square().mean()
        return error + (model.even * x - x).square().mean() if number % 2 == 0 else error

    def loss(numbers, step):
        return {"loss": torch.stack([one(number) for number in numbers]).mean()}

    schedule = Schedule(STEPS, 1e-2, warmup=1, save_every=1e9, muon=muon)
    steps = [report.step for report in train(model, batches, loss, schedule, folder, averaged(model))]
    assert steps == list(range(1, STEPS + 1))
    return {name: value.detach() for name, value in model.state_dict().items()}


def launched(*arguments):
    """A command of Python's, run by two processes of one launcher; returns its output."""
    rooms = ROOT, ROOT / "tests" / "helpers", Path(__file__).parent
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, rooms)), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "0"]
    command += ["--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0"]
    done = subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_process_is_a_crew_that_leads():
    us = distributed.join()
    assert (
        us == distributed.Crew(0, 1)
        and us.leads
        and us.number(7) == 7
        and us.broadcast(True)
        and not us.broadcast(False)
    )
    assert list(us.after(iter("ab"))) == ["a", "b"]
    parameter = nn.Parameter(torch.zeros(2))
    us.average([parameter])
    assert parameter.grad is None


@pytest.mark.parametrize("muon", [False, True])
def test_two_processes_end_with_the_weights_of_one(tmp_path, muon):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, pathlib\n"
        "from safetensors.torch import save_file\n"
        "from test_distributed import fit\n"
        "from motionalchemy.train import distributed\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "made = fit(folder / 'run', lambda number: [number], muon=sys.argv[2] == 'True')\n"
        "save_file(made, folder / f'{distributed.join().rank}.safetensors')\n"
    )
    launched(str(script), str(tmp_path), str(muon))
    alone = fit(tmp_path / "alone", lambda number: [2 * number, 2 * number + 1], muon)
    for rank in (0, 1):
        made = load_file(tmp_path / f"{rank}.safetensors")
        for name, value in alone.items():
            assert torch.allclose(made[name], value, atol=1e-5), (rank, name)
    log = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in log] == list(range(1, STEPS + 1))  # one of them writes

"""Published networks of faces and bodies -> packs of this project: lists of steps and safetensors.

    pip download --no-deps -d wheels mediapipe==0.10.21
    pip install ai-edge-litert==2.3.0 tflite==2.18.0
    python tools/weights/convert_points.py wheels motionalchemy/weights/scene/points

The networks are the Apache-2.0 .tflite files inside the wheel; every file is checked by its sum before it is read. The
package itself is never imported; constants that are packed or sparse are unpacked by running each network once.
"""

import argparse
import hashlib
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tflite
import torch
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from motionalchemy.nets import pack
from motionalchemy.nets.graph import Graph, GraphConfig

FILES = {  # name of the pack: file in the wheel, its sha256, how its weights are stored, the outputs that are kept
    "face-detection": (
        "face_detection/face_detection_short_range",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        "float16",
        (0, 1),
    ),
    "face-mesh": (
        "face_landmark/face_landmark",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        "float16",
        (0, 1),
    ),
    "iris": (
        "iris_landmark/iris_landmark",
        "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
        "float16",
        (0, 1),
    ),
    "pose-detection": (
        "pose_detection/pose_detection",
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        "sparse",  # 31 % of its weights are not 0
        (0, 1),
    ),
    "pose": (
        "pose_landmark/pose_landmark_full",
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        "float16",
        (0, 1, 2, 4),  # points, score, mask, points in metres; not the heat map of each point
    ),
}
OPS = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}
THEN = {1: "relu", 3: "relu6"}
SKIPPED = ("DEQUANTIZE", "DENSIFY")


class Converter:
    """Reads one network, which `raw` holds, step by step."""

    def __init__(self, raw: bytes):
        self.graph = tflite.Model.GetRootAs(raw, 0).Subgraphs(0)
        self.model = tflite.Model.GetRootAs(raw, 0)
        with tempfile.NamedTemporaryFile(suffix=".tflite") as file:
            file.write(raw)
            file.flush()
            self.run = Interpreter(
                file.name,
                experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
                experimental_preserve_all_tensors=True,
            )
            self.run.allocate_tensors()
        given = self.run.get_input_details()[0]
        self.side = int(given["shape"][1])
        self.run.set_tensor(given["index"], np.zeros(given["shape"], np.float32))
        self.run.invoke()
        self.numbers = {int(self.graph.Inputs(0)): 0}
        self.steps = list[dict[str, Any]]()
        self.weights = dict[int, tuple[np.ndarray, np.ndarray | None]]()

    def shape(self, tensor: int) -> list[int]:
        """The shape of a value."""
        return [int(each) for each in self.graph.Tensors(tensor).ShapeAsNumpy()]

    def constant(self, tensor: int) -> np.ndarray:
        """The content of a tensor that does not depend on the picture."""
        return np.asarray(self.run.get_tensor(tensor), np.float32)

    def operators(self) -> Iterator[tuple[str, Any, list[int], int]]:
        """Every operator: its name, its table of options, the tensors it takes, and the one it makes."""
        for number in range(self.graph.OperatorsLength()):
            op = self.graph.Operators(number)
            code = self.model.OperatorCodes(op.OpcodeIndex())
            name = OPS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
            yield name, op, [int(op.Inputs(k)) for k in range(op.InputsLength())], int(op.Outputs(0))

    def options(self, op: Any, kind: Any) -> Any:
        """The options of an operator, of a kind."""
        found = kind()
        found.Init(op.BuiltinOptions().Bytes, op.BuiltinOptions().Pos)
        return found

    def add(self, made: int, op: str, takes: list[int], **more: Any) -> int:
        """A step more, and its number."""
        self.steps.append({"op": op, "takes": [self.numbers[each] for each in takes], **more})
        self.numbers[made] = len(self.steps)
        return len(self.steps)

    def convert(self) -> None:
        """All steps and their weights."""
        for name, op, takes, made in self.operators():
            if name in SKIPPED:
                continue
            getattr(self, {"ADD": "add_"}.get(name, name.lower()))(op, takes, made)

    def _around(self, size: list[int], kernel: tuple[int, int], stride: int, dilation: int, padding: int) -> list[int]:
        """Pixels (left, right, top, bottom) that are put around what is (1, h, w, C) before a window slides over it."""
        pads = list[int]()
        for at, wide in ((2, kernel[1]), (1, kernel[0])):
            total = max((-(-size[at] // stride) - 1) * stride + (wide - 1) * dilation + 1 - size[at], 0)
            pads += [total // 2, total - total // 2] if padding == 0 else [0, 0]
        return pads

    def conv_2d(self, op: Any, takes: list[int], made: int) -> None:
        """A convolution."""
        found = self.options(op, tflite.Conv2DOptions)
        weight = self.constant(takes[1]).transpose(0, 3, 1, 2)
        self._conv(found, weight, takes, made, 1)

    def depthwise_conv_2d(self, op: Any, takes: list[int], made: int) -> None:
        """A convolution of each channel by itself."""
        found = self.options(op, tflite.DepthwiseConv2DOptions)
        weight = self.constant(takes[1]).transpose(3, 0, 1, 2)
        self._conv(found, weight, takes, made, self.shape(takes[0])[3])

    def _conv(self, found: Any, weight: np.ndarray, takes: list[int], made: int, groups: int) -> None:
        stride, dilation = found.StrideW(), found.DilationWFactor()
        pads = self._around(self.shape(takes[0]), weight.shape[2:], stride, dilation, found.Padding())
        then = {"then": THEN[found.FusedActivationFunction()]} if found.FusedActivationFunction() else {}
        slides = {"stride": stride, "dilation": dilation, "groups": groups}
        more = {name: value for name, value in slides.items() if value != 1} | ({"pad": pads} if any(pads) else {})
        number = self.add(made, "conv", takes[:1], **more, **then)
        self.weights[number] = weight, self.constant(takes[2])

    def prelu(self, op: Any, takes: list[int], made: int) -> None:
        """A rectifier with a slope of its own for each channel."""
        self.weights[self.add(made, "prelu", takes[:1])] = self.constant(takes[1]).reshape(-1), None

    def add_(self, op: Any, takes: list[int], made: int) -> None:
        """A sum."""
        found = self.options(op, tflite.AddOptions).FusedActivationFunction()
        self.add(made, "add", takes, **({"then": THEN[found]} if found else {}))

    def pad(self, op: Any, takes: list[int], made: int) -> None:
        """Zeros around."""
        around = self.run.get_tensor(takes[1]).astype(int)
        self.add(made, "pad", takes[:1], pad=[int(n) for axis in (2, 1, 3) for n in around[axis]])

    def max_pool_2d(self, op: Any, takes: list[int], made: int) -> None:
        """The largest of a window."""
        found = self.options(op, tflite.Pool2DOptions)
        size = [found.FilterHeight(), found.FilterWidth()]
        pads = self._around(self.shape(takes[0]), (size[0], size[1]), found.StrideW(), 1, found.Padding())
        self.add(made, "pool", takes, size=size, stride=found.StrideW(), pad=pads)

    def resize_bilinear(self, op: Any, takes: list[int], made: int) -> None:
        """Another size."""
        found = self.options(op, tflite.ResizeBilinearOptions)
        if not found.AlignCorners() and not found.HalfPixelCenters():
            raise SystemExit("a resize that keeps the first pixel is not known here")
        self.add(made, "resize", takes[:1], size=self.shape(made)[1:3], corners=bool(found.AlignCorners()))

    def reshape(self, op: Any, takes: list[int], made: int) -> None:
        """Another shape, the channels counting last."""
        self.add(made, "reshape", takes[:1], shape=self.shape(made)[1:])

    def concatenation(self, op: Any, takes: list[int], made: int) -> None:
        """Several values after one another."""
        self.add(made, "concat", takes, axis=self.options(op, tflite.ConcatenationOptions).Axis())

    def depth_to_space(self, op: Any, takes: list[int], made: int) -> None:
        """Channels spread over places."""
        self.add(made, "spread", takes, block=self.options(op, tflite.DepthToSpaceOptions).BlockSize())

    def relu(self, op: Any, takes: list[int], made: int) -> None:
        """A rectifier."""
        self.add(made, "relu", takes)

    def logistic(self, op: Any, takes: list[int], made: int) -> None:
        """A share."""
        self.add(made, "sigmoid", takes)

    def _keep(self, outputs: list[int]) -> list[int]:
        """Leave out every step that no output takes part in; returns the new numbers of the outputs."""
        needed, waiting = set[int](), list(outputs)
        while waiting:
            number = waiting.pop()
            if number and number not in needed:
                needed.add(number)
                waiting += self.steps[number - 1]["takes"]
        new = {old: at for at, old in enumerate([0, *sorted(needed)])}
        kept = [self.steps[number - 1] for number in sorted(needed)]
        self.steps = [step | {"takes": [new[each] for each in step["takes"]]} for step in kept]
        self.weights = {new[number]: found for number, found in self.weights.items() if number in needed}
        return [new[each] for each in outputs]

    def network(self, keep: tuple[int, ...]) -> Graph:
        """What was read, as a network that returns the outputs to `keep`."""
        outputs = self._keep([self.numbers[int(self.graph.Outputs(number))] for number in keep])
        shapes = {str(number): list(weight.shape) for number, (weight, _) in self.weights.items()}
        graph = Graph(GraphConfig(self.side, self.steps, outputs, shapes))
        state = dict[str, torch.Tensor]()
        for number, (weight, bias) in self.weights.items():
            state[f"weights.{number}"] = torch.from_numpy(np.ascontiguousarray(weight))
            if bias is not None:
                state[f"biases.{number}"] = torch.from_numpy(bias)
        graph.load_state_dict(state, strict=True)
        return graph


def main() -> None:
    """Convert all."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("wheels", type=Path)
    given.add_argument("out", type=Path)
    args = given.parse_args()
    wheel = zipfile.ZipFile(next(iter(sorted(args.wheels.glob("mediapipe-0.10.21*.whl")))))
    for name, (inside, sha256, store, keep) in FILES.items():
        raw = wheel.read(f"mediapipe/modules/{inside}.tflite")
        if hashlib.sha256(raw).hexdigest() != sha256:
            raise SystemExit(f"{inside} is not the file that is meant: its sha256 differs")
        converter = Converter(raw)
        converter.convert()
        graph = converter.network(keep)
        about = {"licence": "Apache-2.0", "source": f"mediapipe 0.10.21, {inside}.tflite, Google LLC"}
        pack.save(args.out / name, graph, name, store, about)
        print(name, sum(each.numel() for each in graph.parameters()), "weights", len(graph.config.steps), "steps")


if __name__ == "__main__":
    main()

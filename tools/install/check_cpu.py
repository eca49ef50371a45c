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
    """The names of all that an install command asks for, whether it is installed already or not."""
    if "install" not in command:
        sys.exit(f"{' '.join(command)} is no command that installs: give one of pip or of uv")
    asked = command[command.index("install") + 1 :]
    if command[0] == "uv":
        whole = [*command, "--dry-run", "--reinstall"]
    else:
        whole = [
            sys.executable,
            "-m",
            "pip",
            "install",
            *asked,
            "--dry-run",
            "--ignore-installed",
            "--quiet",
            "--report",
            "-",
        ]
    done = subprocess.run(whole, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the packages could not be resolved: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    if command[0] == "uv":
        return re.findall(r"^ [+~] ([\w.-]+)==", done.stderr, re.MULTILINE)
    return [each["metadata"]["name"] for each in json.loads(done.stdout)["install"]]


def main() -> None:
    """Print what was found and leave."""
    names = resolved(sys.argv[1:]) if sys.argv[1:] else installed()
    if found := [name for name in names if CUDA.match(name)]:
        sys.exit(f"{len(found)} of {len(names)} packages are CUDA's: {', '.join(found)}")
    print(f"{len(names)} packages, none of CUDA")


if __name__ == "__main__":
    main()

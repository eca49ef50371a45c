"""Build the wheel and the source archive of a release, whose README shows its pictures wherever it is read.

    python tools/install/release.py https://example.org/motionalchemy --out dist

The address is where the repository can be read: links and pictures of the README, which are relative in the repository,
become absolute ones in the package's description, and the address goes into its metadata. Needs `pip install build`.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?://|#)([^)\s]+)\)")


def absolute(text: str, address: str) -> str:
    """Markdown whose relative links point into the repository at an address."""

    def linked(found: re.Match[str]) -> str:
        kind = "raw" if found[1] else "blob"
        return f"{found[1]}[{found[2]}]({address}/{kind}/main/{found[3]})"

    return LINK.sub(linked, text)


def prepared(folder: Path, address: str) -> None:
    """A copy of everything that is tracked, its README and metadata with the address."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    readme, project = folder / "README.md", folder / "pyproject.toml"
    readme.write_text(absolute(readme.read_text("utf-8"), address), "utf-8")
    lines = [f'Homepage = "{address}"', f'Changelog = "{address}/blob/main/CHANGELOG.md"']
    lines += [f'Documentation = "{address}/tree/main/docs"', f'Issues = "{address}/issues"']
    urls = "[project.urls]\n" + "\n".join(lines) + "\n\n[project.optional-dependencies]"
    project.write_text(project.read_text("utf-8").replace("[project.optional-dependencies]", urls, 1), "utf-8")


def main() -> None:
    """Build both archives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("--out", type=Path, default=Path("dist"))
    asked = parser.parse_args()
    if not re.fullmatch(r"https://[\w.-]+(/[\w.~-]+)+", asked.address):
        sys.exit(
            f"{asked.address!r} cannot be used: give the https address of the repository, without a slash at its end"
        )
    with tempfile.TemporaryDirectory() as folder:
        prepared(Path(folder), asked.address)
        subprocess.run([sys.executable, "-m", "build", "--outdir", str(asked.out.resolve()), folder], check=True)


if __name__ == "__main__":
    main()

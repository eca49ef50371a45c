#!/usr/bin/env bash
# Guess: a Typer app whose help holds no markup parses none, so `--help` imports no Markdown parser.
# Seen (typer 0.29.2, rich 15.0.0, Python 3.11): plain text or not, `--help` imports rich.markdown and with it markdown_it,
# 164 modules in all, before it prints; with rich_markup_mode=None no more than two, neither of them nor rich.
# What follows: `motionalchemy --help` is plain and takes half the time (motionalchemy/cli/app.py).
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install --quiet --disable-pip-version-check "typer==0.29.2" "rich==15.0.0" 2>/dev/null
cat > "$here/app.py" <<'PY'
import sys

import typer

app = typer.Typer(**({"rich_markup_mode": None} if sys.argv.pop(1) == "plain" else {}))


@app.command()
def hello(name: str) -> None:
    """Say hello."""


before = set(sys.modules)
try:
    app()
except SystemExit:
    pass
fresh = sorted(set(sys.modules) - before)
found = {name: any(m == name or m.startswith(name + ".") for m in fresh) for name in ("rich", "markdown_it")}
print(f"{len(fresh)} modules, rich {found['rich']}, markdown_it {found['markdown_it']}", file=sys.stderr)
PY
usual=$("$here/venv/bin/python" "$here/app.py" usual --help 2>&1 >/dev/null)
plain=$("$here/venv/bin/python" "$here/app.py" plain --help 2>&1 >/dev/null)
printf 'usual: %s\nplain: %s\n' "$usual" "$plain"
case "$usual" in *"rich True, markdown_it True") ;; *) echo "changed: the usual help no longer imports a Markdown parser"; exit 1 ;; esac
case "$plain" in *"rich False, markdown_it False") ;; *) echo "changed: plain help imports rich"; exit 1 ;; esac
echo "as found"

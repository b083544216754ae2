#!/bin/sh
# Makes the virtual environment $1, and says what to do where the system's Python cannot.
set -eu
python=${PYTHON:-python3}
venv=$1
command -v "$python" >/dev/null 2>&1 || { echo "No $python found: install Python 3.11 or newer, or run make PYTHON=/path/to/python3.11" >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$python is older than 3.11: run make PYTHON=/path/to/python3.11" >&2; exit 1; }
if ! "$python" -c 'import ensurepip' >/dev/null 2>&1; then
    # Debian and Ubuntu keep venv in a package of its own.
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    as_root=""
    if [ "$(id -u)" != 0 ]; then as_root="sudo -n"; fi
    echo "Installing $package…" >&2
    { $as_root apt-get update -qq && $as_root apt-get install -y -qq "$package" >/dev/null; } ||
        { echo "Python's venv module is missing: run 'sudo apt-get install $package', then make again." >&2; exit 1; }
fi
"$python" -m venv "$venv"

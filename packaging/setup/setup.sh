#!/bin/sh
# Finds a Python that can run Photosift and hands over to environment.py; arguments go along.
# PYTHON=/path/to/python3 make run   uses that one.
set -eu

here=$(dirname -- "$0")

fits() {
    # PySide6 6.11 has no wheels for 3.15 and later.
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    if fits "$PYTHON"; then
        exec "$PYTHON" "$here/environment.py" "$@"
    fi
    echo "photosift: PYTHON=$PYTHON is not a Python 3.11 to 3.14." >&2
    exit 1
fi

for candidate in python3 python3.13 python3.12 python3.11 python3.14 python; do
    if fits "$candidate"; then
        exec "$candidate" "$here/environment.py" "$@"
    fi
done

echo "photosift: Python 3.11 to 3.14 is needed, and none was found." >&2
case "$(uname -s)" in
    Darwin) echo "Install it from https://www.python.org/downloads/ or with: brew install python@3.13" >&2 ;;
    *) echo "On Debian 12, Ubuntu 24.04 and newer: sudo apt-get install python3" >&2 ;;
esac
echo "If you have one elsewhere, say so: make run PYTHON=/path/to/python3" >&2
exit 1

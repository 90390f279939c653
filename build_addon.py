#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets up, demonstrates, tests, builds and measures the add-on: `python3 build_addon.py --help`.

Needs nothing but Python 3.11 or 3.13 and a C++ compiler. This file alone also runs in older Pythons, to say what is
missing.
"""

import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120


def newer_python():
    """A Python on PATH that starts and can run the tools, for the case that this one is too old."""
    for name in ("python3.11", "python3.13", "python3.12"):
        found = shutil.which(name)
        if found and subprocess.call([found, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            return found
    return None


def main():
    """Hands over to `tools.commands`, or to a newer Python that can run it."""
    if sys.version_info < (3, 11):  # noqa: UP036
        found = newer_python()
        if found is None:
            sys.exit(
                "build_addon.py: this is Python {}.{}; Python 3.11 or 3.13 is needed, and neither is on PATH. "
                "Debian or Ubuntu: sudo apt-get install python3.11 python3.11-venv python3.11-dev; "
                "others: uv python install 3.11, pyenv install 3.11, or the installer of python.org.".format(
                    *sys.version_info[:2]
                )
            )
        sys.exit(subprocess.call([found, os.path.join(HERE, "build_addon.py"), *sys.argv[1:]]))  # noqa: PTH118
    sys.path.insert(0, HERE)
    from tools.commands import main as run_command

    sys.exit(run_command(sys.argv[1:]))


if __name__ == "__main__":
    main()

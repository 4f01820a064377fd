"""The command line of the fault tests: `python -m tests.faults NAME`, `--quick`, `--list`."""

import sys
from pathlib import Path

from tests.benchmarks.runner import main

if __name__ == "__main__":
    sys.exit(main("tests.faults", Path(__file__).parent))

"""The command line of the benchmarks: `python -m tests.benchmarks NAME`, `--quick`, `--list`."""

import sys
from pathlib import Path

from tests.benchmarks.runner import main

if __name__ == "__main__":
    sys.exit(main("tests.benchmarks", Path(__file__).parent))

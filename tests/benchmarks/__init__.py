"""Benchmarks by name: `python -m tests.benchmarks NAME`; each module exposes `run(quick)`."""

"""Fault tests by name: `python -m tests.faults NAME`; each module exposes `run(quick)`."""

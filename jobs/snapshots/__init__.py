"""The command that inspects and manages the snapshots of an output: python -m jobs.snapshots."""

"""Runs that read only what is new since the live snapshot, and publish what a run over all input would."""

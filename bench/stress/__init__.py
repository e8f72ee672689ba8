"""Trials that try to break the job and the service; see bench/README.md."""

"""Snapshots on disk: written and published by the job, read by the job and the service."""

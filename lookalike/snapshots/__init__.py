"""Snapshots: written, checked, published and read."""

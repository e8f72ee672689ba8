"""Measurements of the look-up service."""

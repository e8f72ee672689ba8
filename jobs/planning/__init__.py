"""Estimates of what a run takes, made before its comparison starts."""

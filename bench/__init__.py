"""Test data, baselines and measurements of the whole job and of its kernel."""

"""A run from its start to the published snapshot."""

"""A run from its start to the published snapshot, and the report that it prints."""

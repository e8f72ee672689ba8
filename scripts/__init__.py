"""Programs for development and for the start of a run."""

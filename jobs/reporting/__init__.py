"""Text on a terminal, progress lines, and the record of a run."""

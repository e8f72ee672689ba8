"""Similar pairs, found by tasks of equal cost."""

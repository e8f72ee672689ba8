"""From written dates to microseconds."""

"""The snapshot that is served, and what is kept in memory of it."""

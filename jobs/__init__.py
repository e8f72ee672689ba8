"""The Spark job that finds look-alike accounts."""

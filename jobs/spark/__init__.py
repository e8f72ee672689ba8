"""Spark as the job uses it: session, worker processes, failures."""

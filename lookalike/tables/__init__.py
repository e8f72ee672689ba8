"""The tables of a snapshot, each described once."""

"""Pairs and tables by account, written and checked."""

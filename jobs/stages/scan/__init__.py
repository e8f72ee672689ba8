"""Rows read, checked and deduplicated."""

"""Parquet files of flat tables, written and changed without any work per row outside compiled code."""

"""Outputs in object stores (S3, GCS, Azure). Nothing of Spark; the library is loaded only where a URL was given."""

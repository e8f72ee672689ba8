"""The stages of a run: what Spark tasks do, each a function over Arrow record batches."""

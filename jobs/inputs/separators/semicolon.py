"""one; two."""

from jobs.inputs.separators.separator import Separator

SEPARATOR = Separator("semicolon", "with semicolons between them", ord(";"), lambda field: b";" in field, rank=1)

"""one; two."""

from jobs.inputs.separators.separator import Separator

SEPARATOR = Separator("semicolon", "a semicolon between them", ord(";"), lambda field: b";" in field)

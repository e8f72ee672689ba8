"""one; two."""

from jobs.inputs.separators.separator import Separator

SEPARATOR = Separator("semicolon", ord(";"), lambda field: b";" in field)

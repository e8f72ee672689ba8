"""one, two."""

from jobs.inputs.separators.separator import Separator

SEPARATOR = Separator("comma", ord(","), lambda field: b"," in field)

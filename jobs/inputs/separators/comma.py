"""one, two."""

from jobs.inputs.separators.separator import Separator

SEPARATOR = Separator("comma", "with commas between them", ord(","), lambda field: b"," in field, rank=1)

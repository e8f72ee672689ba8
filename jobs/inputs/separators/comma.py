"""one, two."""

from jobs.inputs.separators.separator import Separator

SEPARATOR = Separator("comma", "a comma between them", ord(","), lambda field: b"," in field)

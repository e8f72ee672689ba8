"""#one #two."""

from jobs.inputs.separators.separator import Separator

SEPARATOR = Separator("space", "with spaces between them", ord(" "), lambda field: b" " in field)

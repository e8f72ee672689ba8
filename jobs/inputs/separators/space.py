"""#one #two."""

from jobs.inputs.separators.separator import Separator

SEPARATOR = Separator("space", "a space between them", ord(" "), lambda field: b" " in field)

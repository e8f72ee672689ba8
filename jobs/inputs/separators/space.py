"""#one #two."""

from jobs.inputs.separators.separator import Separator

SEPARATOR = Separator("space", ord(" "), lambda field: b" " in field)

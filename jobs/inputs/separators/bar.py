"""one|two. A hashtag has no bar in it, so one field tells."""

from jobs.inputs.separators.separator import Separator

SEPARATOR = Separator("bar", "with bars between them", ord("|"), lambda field: b"|" in field, share=0, rank=1)

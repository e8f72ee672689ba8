"""Many strings as packed bytes, and the machine operations on them."""

from lookalike.strings.compilecache import mend_damage

mend_damage()  # here because every compiled function of the job and the service is made of these

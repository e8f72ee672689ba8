"""Many strings as packed bytes, and the machine operations on them."""

from lookalike.strings.compilecache import mend_damage
from lookalike.strings.compiledfrom import see_all_changes

# Here because every compiled function of the job and the service is made of these.
mend_damage()
see_all_changes()

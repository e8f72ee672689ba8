"""Many strings as packed bytes, and the machine operations on them."""

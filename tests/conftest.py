"""What every test shares."""

from hypothesis import HealthCheck, settings

# No deadline, and no check of how fast examples are made: a first call may compile, other processes may keep the
# cores busy, and a test says nothing about time. Derandomised in no way: new
# examples are tried in every run, and one that failed is printed so that it can be repeated.
settings.register_profile("lookalike", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("lookalike")

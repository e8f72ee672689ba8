"""What every test shares."""

from hypothesis import settings

# No deadline: a first call may compile, and a test says nothing about time. Derandomised in no way: new
# examples are tried in every run, and one that failed is printed so that it can be repeated.
settings.register_profile("lookalike", deadline=None, print_blob=True)
settings.load_profile("lookalike")

"""How a run makes the data files of a snapshot: the interface, and the strategy that reads all posts."""

"""lookalike: accounts that push one hashtag under near-identical screen names."""

__version__ = "0.1.0"

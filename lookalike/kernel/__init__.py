"""The comparison of screen names: exact, compiled, and without any knowledge of Spark."""

from lookalike.kernel.batches import PairBatch, Work
from lookalike.kernel.identical import first_with_name
from lookalike.kernel.join import SMALL_GROUP, similar_pairs, similar_pairs_of_groups
from lookalike.kernel.names import EncodedNames, encode_names
from lookalike.kernel.prefix import prefix_blocks
from lookalike.kernel.signals import signals, similarities
from lookalike.threshold import Threshold

__all__ = [
    "SMALL_GROUP",
    "EncodedNames",
    "PairBatch",
    "Threshold",
    "Work",
    "encode_names",
    "first_with_name",
    "prefix_blocks",
    "signals",
    "similar_pairs",
    "similar_pairs_of_groups",
    "similarities",
]

"""The comparison of screen names: exact, compiled, and without any knowledge of Spark."""

from jobs.kernel.batches import PairBatch, Work
from jobs.kernel.join import SMALL_GROUP, similar_pairs, similar_pairs_of_groups
from jobs.kernel.names import EncodedNames, encode_names
from jobs.kernel.prefix import prefix_blocks
from jobs.kernel.similarity import similarities
from jobs.threshold import Threshold

__all__ = [
    "SMALL_GROUP",
    "EncodedNames",
    "PairBatch",
    "Threshold",
    "Work",
    "encode_names",
    "prefix_blocks",
    "similar_pairs",
    "similar_pairs_of_groups",
    "similarities",
]

"""What one writes first: a self-join on hashtag, first three letters and length, then Spark's levenshtein.

    python bench/naive.py .cache/bench/S

It prints the number of pairs it finds at a similarity of 0.8. It loses every pair that differs in the first
three letters or in length.
"""

import sys
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a plain script, bench/ is the root

from bench.floor import ACCOUNTS, POSTS, memberships, read_table, session


def similar_pairs(members: DataFrame) -> DataFrame:
    """Pair members of one hashtag whose names are of one length and begin alike, at 0.8 or more.

    members has hashtag, id, screen_name; the result hashtag, account_a < account_b, distance.
    """
    blocked = members.select(
        "hashtag",
        F.substring("screen_name", 1, 3).alias("prefix"),
        F.length("screen_name").alias("length"),
        "id",
        "screen_name",
    )
    left = blocked.withColumnsRenamed({"id": "account_a", "screen_name": "name_a"})
    right = blocked.withColumnsRenamed({"id": "account_b", "screen_name": "name_b"})
    candidates = left.join(right, on=["hashtag", "prefix", "length"], how="inner").where("account_a < account_b")
    distance = candidates.withColumn("distance", F.levenshtein("name_a", "name_b"))
    return distance.where("5 * distance <= length").select("hashtag", "account_a", "account_b", "distance")


def main(argv: list[str]) -> int:
    """Count the similar pairs in the folder's posts.tsv and accounts.tsv."""
    folder = Path(argv[1])
    spark = session("naive")
    posts = read_table(spark, folder / "posts.tsv", POSTS)
    # One hashtag has several spellings; without folding them the comparison would not be of like with like.
    folded = posts.withColumn("hashtags", F.lower("hashtags"))
    accounts = read_table(spark, folder / "accounts.tsv", ACCOUNTS)
    members = memberships(folded).join(
        accounts.select(F.col("id").alias("author_id"), "id", "screen_name"), on="author_id", how="inner"
    )
    print(f"pairs={similar_pairs(members).count()}")
    spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))

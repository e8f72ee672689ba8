"""The floor: what plain PySpark needs to read, explode, distinct, join, group and count, comparing nothing.

    python bench/floor.py .cache/bench/S

It prints the number of hashtags, memberships and the members of the largest hashtag.
"""

import os
import sys
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

POSTS = "id string, created_at string, author_id string, is_repost string, text string, hashtags string"
ACCOUNTS = "id string, created_at string, screen_name string"


def session(name: str) -> SparkSession:
    """Spark on all cores of this machine as an expert would start it by hand."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return (
        SparkSession.builder.appName(name)
        .master("local[*]")
        .config("spark.driver.memory", "4g")  # 1g, the default, spills at 10M posts
        .config("spark.ui.enabled", "false")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )


def read_table(spark: SparkSession, path: Path, schema: str) -> DataFrame:
    """Read a raw tab-separated file: no character quotes or escapes."""
    return spark.read.csv(str(path), schema=schema, sep="\t", header=True, quote="", escape="")


def memberships(posts: DataFrame) -> DataFrame:
    """Return the distinct (hashtag, author_id)."""
    hashtag = F.explode(F.split("hashtags", r"\|")).alias("hashtag")
    return posts.select(hashtag, "author_id").distinct()


def main(argv: list[str]) -> int:
    """Count the members of every hashtag in the folder's posts.tsv and accounts.tsv."""
    folder = Path(argv[1])
    spark = session("floor")
    posts = read_table(spark, folder / "posts.tsv", POSTS)
    accounts = read_table(spark, folder / "accounts.tsv", ACCOUNTS).select(F.col("id").alias("author_id"))
    sizes = memberships(posts).join(accounts, on="author_id", how="inner").groupBy("hashtag").count()
    total = sizes.agg(F.count("*"), F.sum("count"), F.max("count")).first()
    print("hashtags={} memberships={} largest={}".format(*(total or ())))
    spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))

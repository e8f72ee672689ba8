"""Input that is not in a folder of this machine: object stores and HDFS."""

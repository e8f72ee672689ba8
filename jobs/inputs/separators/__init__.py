"""What stands between the hashtags of a post, a file each; docs/how-to/read-another-format.md says how to add one."""

"""Members of each hashtag, hashtags of each account."""

"""The accounts, read and made a table."""

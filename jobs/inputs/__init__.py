"""Reading posts and accounts: files, rows, values, and the table of accounts."""

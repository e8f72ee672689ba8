"""The table of accounts, made by tasks where there are many."""

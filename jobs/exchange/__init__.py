"""How rows and reports travel between stages."""

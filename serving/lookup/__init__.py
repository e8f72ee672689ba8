"""GET /api/get_similar_accounts, the look-up that everything else is measured by: from a question to its bytes."""

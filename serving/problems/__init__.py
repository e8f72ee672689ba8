"""What can go wrong with a request, as RFC 9457 problem documents: one shape for every error."""

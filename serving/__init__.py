"""The look-up service: answers over HTTP from the published snapshot."""

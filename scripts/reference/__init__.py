"""The pages of docs/reference that are made from the code, each by a module with a function `page`."""

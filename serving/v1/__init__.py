"""The routes under /api/v1: search, details, evidence, accounts and comparisons."""

from serving.v1.routes import router

__all__ = ["router"]

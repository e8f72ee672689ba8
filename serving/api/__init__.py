"""The HTTP API but for the look-up: a module for each resource, with its route, its models and how it is read."""

from fastapi import APIRouter

from serving.api import accounts, compare, hashtags, pairs, snapshot

router = APIRouter()
for _resource in (pairs, hashtags, accounts, compare, snapshot):  # pairs first: any path may be a hashtag
    router.include_router(_resource.router)

"""Plain ASGI layers around the application, and `protect`, which puts them in their order."""

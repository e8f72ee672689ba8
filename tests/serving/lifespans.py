"""The lifespan of a small application of the tests: it does nothing, and says that it is done."""

from starlette.types import Receive, Send


async def answer_lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return

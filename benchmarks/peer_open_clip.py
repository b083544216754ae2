"""The peer: plain open_clip behind FastAPI, as its README and many services have it.

    python -m benchmarks.peer_open_clip ARCH SEED PORT [THREADS]

POST /embed with a picture's bytes answers its vector. Weights are random, of the same seed as
`vistazo models export ARCH --random SEED`: speed does not ask what they are.
"""

import io
import sys

from models.openclip_shim import declare_missing_operators


def main(arch: str, seed: int, port: int, threads: int = 2) -> None:
    """Serve until interrupted."""
    keep = declare_missing_operators()
    import open_clip
    import torch
    import uvicorn
    from fastapi import FastAPI, Request
    from PIL import Image
    from starlette.concurrency import run_in_threadpool

    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    model, _, preprocess = open_clip.create_model_and_transforms(arch, pretrained=None)
    model.eval()
    app = FastAPI()

    def embed(data: bytes) -> list[float]:
        pixels = preprocess(Image.open(io.BytesIO(data)).convert("RGB"))[None]
        with torch.inference_mode():
            vector = torch.nn.functional.normalize(model.encode_image(pixels), dim=-1)
        return [float(x) for x in vector[0]]

    @app.post("/embed")
    async def answer(request: Request) -> list[float]:
        return await run_in_threadpool(embed, await request.body())

    @app.get("/readyz")
    def ready() -> str:
        return "ready" if keep is None or keep else ""

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *map(int, sys.argv[4:5]))

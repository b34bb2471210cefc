"""Texts as vectors: the built-in embedder, or any endpoint that speaks the `/embeddings` protocol.

All vectors are of unit length, so that cosine distance and inner product agree.
"""

import asyncio
import json
import math
import re
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import httpx
from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

BATCH = 64
COOL_DOWN_SECONDS = 30.0
_UNENCODABLE = re.compile(r"[\x00\ud800-\udfff]")


class EmbeddingsUnavailable(Exception):
    """No vectors now; `reason` is for a log or an operator, never for the person who asked."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Embedder(Protocol):
    """Makes a vector of each text. `name` identifies the vectors: those of two names must never
    be compared."""

    @property
    def name(self) -> str:
        """Which model makes the vectors."""
        ...

    @property
    def dimensions(self) -> int:
        """The length of every vector."""
        ...

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector a text, in order. A text with nothing in it gives zeros. Raises
        `EmbeddingsUnavailable`."""
        ...


class EmbeddingSettings(BaseSettings):
    """Which embedder; a service's settings inherit from this."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    embeddings_base_url: str = Field(
        default="",
        description="Base URL of an endpoint with `/embeddings`; without one the built-in "
        "embedder is used, which needs no network.",
    )
    embeddings_model: str = Field(
        default="text-embedding-3-small",
        description="Model asked for at EMBEDDINGS_BASE_URL.",
    )
    embeddings_dimensions: int = Field(
        default=1536,
        ge=1,
        le=4000,
        description="Length of the vectors of EMBEDDINGS_MODEL.",
    )
    embeddings_timeout_seconds: float = Field(
        default=5.0, gt=0, description="How long a call to EMBEDDINGS_BASE_URL may take."
    )
    openai_api_key: SecretStr = Field(
        default=SecretStr(""),
        description="Key sent to EMBEDDINGS_BASE_URL and to OPENAI_BASE_URL.",
    )


class Embedders:
    """The embedder that the settings ask for, and those that made the vectors which still serve
    while its own are in the making. Nothing is loaded or called yet."""

    def __init__(self, settings: EmbeddingSettings) -> None:
        self._settings = settings
        self._known: dict[str, Embedder] = {}
        self.configured = (
            self._of_endpoint(settings.embeddings_model, settings.embeddings_dimensions)
            if settings.embeddings_base_url
            else self._add(WordLlamaEmbedder())
        )

    def named(self, name: str) -> "Embedder | None":
        """The one that makes vectors of this name; None where it cannot be reached from here.
        One of an endpoint is taken to be at the endpoint that is set now."""
        known = self._known.get(name)
        if known is None and name == WordLlamaEmbedder.name:
            return self._add(WordLlamaEmbedder())
        model, _, dimensions = name.rpartition("/")
        if known is None and self._settings.embeddings_base_url and dimensions.isdecimal():
            return self._of_endpoint(model, int(dimensions))
        return known

    async def open(self) -> None:
        """Read the built-in embedder's weights now, not during the first question."""
        if isinstance(self.configured, WordLlamaEmbedder):
            await self.configured.embed(["weights"])

    async def close(self) -> None:
        """Give connections back."""
        for one in self._known.values():
            if isinstance(one, HttpEmbedder):
                await one.close()

    def _of_endpoint(self, model: str, dimensions: int) -> "Embedder":
        return self._add(
            HttpEmbedder(
                base_url=self._settings.embeddings_base_url,
                model=model,
                dimensions=dimensions,
                api_key=self._settings.openai_api_key.get_secret_value(),
                timeout_seconds=self._settings.embeddings_timeout_seconds,
            )
        )

    def _add(self, embedder: "Embedder") -> "Embedder":
        self._known[embedder.name] = embedder
        return embedder


class _Weights(NamedTuple):
    tokenizer: "Tokenizer"
    vectors: "NDArray[np.float16]"


class WordLlamaEmbedder:
    """WordLlama's `l2_supercat` at 256 dimensions: the mean of its tokens' vectors.

    Weights and tokenizer are read straight from the wheel's files. The package's own loader
    gives the same vectors but copies the weights to float32, imports clustering code and sets
    up the root logger: 80 MB resident against 18 MB for weights that stay mapped from the file.
    The files are opened by the first call.
    """

    name = "wordllama-l2_supercat-256"
    dimensions = 256

    def __init__(self) -> None:
        self._weights: _Weights | None = None
        self._opening = asyncio.Lock()

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """As `Embedder.embed`; a few short texts take microseconds and stay on the loop."""
        if self._weights is None:
            async with self._opening:
                if self._weights is None:
                    self._weights = await asyncio.to_thread(_open_weights)
        weights = self._weights
        if sum(map(len, texts)) <= 8_000:
            return [_mean(text, weights) for text in texts]
        return await asyncio.to_thread(lambda: [_mean(text, weights) for text in texts])


def _open_weights() -> _Weights:
    import numpy as np
    from tokenizers import Tokenizer

    spec = find_spec("wordllama")
    if spec is None or spec.origin is None:
        raise EmbeddingsUnavailable("the package wordllama is not installed")
    package = Path(spec.origin).parent
    tokenizer = Tokenizer.from_file(
        str(package / "tokenizers" / "l2_supercat_tokenizer_config.json")
    )
    tokenizer.no_padding()
    tokenizer.no_truncation()
    path = package / "weights" / "l2_supercat_256.safetensors"
    with path.open("rb") as file:  # safetensors: length of the header, header in JSON, data
        length = int.from_bytes(file.read(8), "little")
        tensor = json.loads(file.read(length))["embedding.weight"]
    if tensor["dtype"] != "F16" or tensor["shape"][1] != WordLlamaEmbedder.dimensions:
        raise EmbeddingsUnavailable(f"{path.name} does not hold 256 half-precision dimensions")
    vectors = np.memmap(
        path,
        dtype=np.float16,
        mode="r",
        offset=8 + length + tensor["data_offsets"][0],
        shape=tuple(tensor["shape"]),
    )
    return _Weights(tokenizer, vectors)


def _mean(text: str, weights: _Weights) -> list[float]:
    tokens = weights.tokenizer.encode(_UNENCODABLE.sub(" ", text), add_special_tokens=False).ids
    if not tokens:
        return [0.0] * WordLlamaEmbedder.dimensions
    total = weights.vectors[tokens].sum(axis=0, dtype="float32")
    length = math.sqrt(float(total @ total))
    vector: list[float] = (total / length if length else total).tolist()
    return vector


class _Item(BaseModel):
    index: int
    embedding: list[float]


class _Reply(BaseModel):
    data: list[_Item]


class HttpEmbedder:
    """A model behind `POST {base_url}/embeddings`.

    After a failure the endpoint is left alone for half a minute, so that a dead one costs one
    time-out and not one a question.
    """

    def __init__(
        self,
        *,
        base_url: str,
        model: str,
        dimensions: int,
        api_key: str = "",
        timeout_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = f"{model}/{dimensions}"
        self.dimensions = dimensions
        self._model = model
        self._clock = clock
        self._rest_until = -math.inf
        self._client = httpx.AsyncClient(
            base_url=base_url.rstrip("/") + "/",
            timeout=timeout_seconds,
            headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
        )

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """As `Embedder.embed`, in batches."""
        if self._clock() < self._rest_until:
            raise EmbeddingsUnavailable("the embeddings endpoint failed a moment ago")
        cleaned = [_UNENCODABLE.sub(" ", text) for text in texts]
        vectors: list[list[float]] = []
        try:
            for start in range(0, len(cleaned), BATCH):
                vectors.extend(await self._call(cleaned[start : start + BATCH]))
        except EmbeddingsUnavailable:
            self._rest_until = self._clock() + COOL_DOWN_SECONDS
            raise
        return vectors

    async def _call(self, texts: list[str]) -> list[list[float]]:
        # an empty input is an error to many servers; its zeros are filled in here
        asked = [place for place, text in enumerate(texts) if text.strip()]
        vectors = [[0.0] * self.dimensions for _ in texts]
        if not asked:
            return vectors
        body = {"model": self._model, "input": [texts[place] for place in asked]}
        try:
            response = await self._client.post("embeddings", json=body)
            response.raise_for_status()
            reply = _Reply.model_validate_json(response.content)
        except httpx.HTTPStatusError as error:
            raise EmbeddingsUnavailable(
                f"the embeddings endpoint answered {error.response.status_code}"
            ) from error
        except httpx.HTTPError as error:
            raise EmbeddingsUnavailable(
                f"the embeddings endpoint cannot be reached: {type(error).__name__}"
            ) from error
        except ValidationError as error:
            raise EmbeddingsUnavailable(
                "the embeddings endpoint answered something else"
            ) from error
        if sorted(item.index for item in reply.data) != list(range(len(asked))):
            raise EmbeddingsUnavailable("the embeddings endpoint left texts out")
        for item in reply.data:
            vectors[asked[item.index]] = self._unit(item.embedding)
        return vectors

    def _unit(self, vector: list[float]) -> list[float]:
        if len(vector) != self.dimensions:
            raise EmbeddingsUnavailable(
                f"{self._model} gives {len(vector)} dimensions and EMBEDDINGS_DIMENSIONS is "
                f"{self.dimensions}; set it to {len(vector)}"
            )
        length = math.sqrt(math.fsum(value * value for value in vector))
        if not math.isfinite(length):
            raise EmbeddingsUnavailable("the embeddings endpoint answered something else")
        return [value / length for value in vector] if length else vector

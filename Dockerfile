# The default target serves the bundled model without torch; `--target models` adds any sentence-transformers model,
# `--target milvus` a store on a Milvus server.
# `make container` builds all three and runs them as they are meant to run.

# The base is pinned by its digest (an index of many platforms). Any image with Python 3.11 and its venv module will do:
#   podman build --format docker --build-arg BASE=IMAGE@sha256:DIGEST .
ARG BASE=docker.io/library/python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${BASE} AS build
WORKDIR /build
# pip stays in a folder of its own, behind in this stage: what is served cannot install anything.
RUN python3 -m venv /opt/pip && python3 -m venv --without-pip /opt/sanad
COPY requirements.lock ./
# Then out goes what nothing here reads: scipy, which pytrec-eval-terrier asks for and never imports; the test suites of
# numpy and others (numpy.testing reads one of its own); ONNX Runtime's converters.
RUN /opt/pip/bin/pip --python /opt/sanad/bin/python install --no-cache-dir --require-hashes --only-binary :all: -r requirements.lock \
 && /opt/pip/bin/pip --python /opt/sanad/bin/python uninstall --yes scipy \
 && find /opt/sanad/lib -type d -name tests -not -path '*/numpy/_core/tests' -prune -exec rm -r {} + \
 && rm -r /opt/sanad/lib/python3.*/site-packages/onnxruntime/transformers /opt/sanad/lib/python3.*/site-packages/onnxruntime/tools
COPY pyproject.toml README.md LICENSE ./
COPY index index
COPY service service
RUN /opt/pip/bin/pip --python /opt/sanad/bin/python install --no-cache-dir --no-deps .

FROM build AS build-models
# torch for the CPU alone, without the gigabytes of CUDA; only torch is taken from this index.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
COPY requirements-dev.lock ./
RUN /opt/pip/bin/pip --python /opt/sanad/bin/python install --no-cache-dir --index-url "${TORCH_INDEX}" --no-deps -c requirements-dev.lock torch \
 && /opt/pip/bin/pip --python /opt/sanad/bin/python install --no-cache-dir --only-binary :all: -c requirements-dev.lock "sanad-search[models]"

FROM build AS build-milvus
# What speaks to a Milvus server: the extra `milvus` without milvus-lite.
COPY requirements-dev.lock ./
RUN /opt/pip/bin/pip --python /opt/sanad/bin/python install --no-cache-dir --only-binary :all: -c requirements-dev.lock pymilvus grpcio

FROM ${BASE} AS runtime
LABEL org.opencontainers.image.title="Sanad" \
      org.opencontainers.image.description="Semantic search for Arabic and English" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --system --gid 10001 sanad \
 && useradd --system --uid 10001 --gid sanad --no-create-home --home-dir /data --shell /usr/sbin/nologin sanad \
 && install -d -o sanad -g sanad -m 0750 /data
ENV PATH=/opt/sanad/bin:$PATH SANAD_STORE=/data/store SANAD_HOST=0.0.0.0 SANAD_PORT=8000 PYTHONDONTWRITEBYTECODE=1
COPY seeds /usr/share/sanad/seeds
COPY --chmod=0755 release/start.sh /usr/local/bin/start-sanad
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python3", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"SANAD_PORT\"]}/readyz', timeout=4)"]
CMD ["start-sanad"]

FROM runtime AS models
ENV HF_HOME=/data/models
COPY --from=build-models /opt/sanad /opt/sanad

FROM runtime AS milvus
COPY --from=build-milvus /opt/sanad /opt/sanad

FROM runtime AS default
COPY --from=build /opt/sanad /opt/sanad

# syntax=docker/dockerfile:1
# The default target serves the bundled model without torch; `--target models` adds any sentence-transformers model.
ARG BASE=docker.io/library/python:3.11-slim

FROM ${BASE} AS build
WORKDIR /build
COPY requirements.lock ./
RUN python3 -m venv /opt/sanad && /opt/sanad/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY index index
COPY service service
RUN /opt/sanad/bin/python -m pip install --no-cache-dir --no-deps .

FROM build AS build-models
RUN /opt/sanad/bin/python -m pip install --no-cache-dir "torch==2.13.0" \
 && /opt/sanad/bin/python -m pip install --no-cache-dir "/build[models]"

FROM ${BASE} AS runtime
RUN useradd --system --uid 10001 --home-dir /data sanad && install -d -o sanad /data
ENV PATH=/opt/sanad/bin:$PATH SANAD_STORE=/data/store SANAD_HOST=0.0.0.0 PYTHONDONTWRITEBYTECODE=1
COPY seeds /usr/share/sanad/seeds
USER sanad
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --start-period=10s CMD ["python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz')"]
# A first start answers from the seeds until `sanad sync` brings a corpus. Beyond loopback nothing is served without a
# key: the first one is made here and told once, in the container's log.
CMD ["sh", "-c", "[ -e \"$SANAD_STORE\" ] || sanad sync /usr/share/sanad/seeds; [ -e \"$SANAD_STORE/keys.json\" ] || sanad keys create --scope search --name first; exec sanad serve"]

FROM runtime AS models
COPY --from=build-models /opt/sanad /opt/sanad

FROM runtime AS default
COPY --from=build /opt/sanad /opt/sanad

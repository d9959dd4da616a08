# Two images, for docker-compose.yml: `minio` (the artifact store, built from source) and `worker` (Perennial itself).

FROM golang:1.25.5-bookworm AS minio-build
# The head of MinIO's archived repository: the only version whose conditional writes have exactly one winner.
RUN CGO_ENABLED=0 go install -trimpath -ldflags "-s -w" \
    github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c

FROM alpine:3.22 AS minio
COPY --from=minio-build /go/bin/minio /usr/local/bin/minio
RUN adduser -D -u 1000 minio && mkdir /data && chown minio /data
USER minio
ENV MINIO_BROWSER=off MINIO_UPDATE=off MINIO_CALLHOME_ENABLE=off
EXPOSE 9000
VOLUME /data
CMD ["minio", "server", "/data", "--quiet", "--address", ":9000"]

FROM node:22.21.1-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-fund --no-audit
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
COPY workflows workflows
COPY activities activities
RUN node scripts/run.mjs setup

FROM node:22.21.1-bookworm-slim AS python
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-pip \
    && rm -rf /var/lib/apt/lists/*
COPY python/requirements.lock /tmp/requirements.lock
# Only wheels, only what the lock names, by its hashes.
RUN python3 -m pip install --no-cache-dir --require-hashes --only-binary :all: \
    --target /opt/trainer -r /tmp/requirements.lock
COPY python/src/ /opt/trainer/

FROM node:22.21.1-bookworm-slim AS worker
RUN apt-get update && apt-get install -y --no-install-recommends python3 libgomp1 \
    && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production PERENNIAL_PYTHON=/usr/bin/python3 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY --from=python /opt/trainer /opt/trainer
# A .pth file, not PYTHONPATH: trainers get no variable of the worker. The last line is what a trainer will see.
RUN python3 -c 'import os, site; d = site.getsitepackages()[0]; os.makedirs(d, exist_ok=True); open(d + "/perennial.pth", "w").write("/opt/trainer")' \
    && env -i /usr/bin/python3 -B -c 'import perennial_trainer, sklearn, skl2onnx, onnxruntime, pyarrow'
COPY --from=build /app/package.json ./
# The whole of it: Temporal's SDK is a peer dependency, which npm counts among the development ones here.
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
ENTRYPOINT ["node", "dist/src/cli/main.js"]
CMD ["worker"]

# syntax=docker/dockerfile:1
# Ruth AI Core. Built from the repository's root:
#   docker build -f deploy/docker/core.Dockerfile -t vas/ruth-core .
#
# It writes nothing: the frames, the runtimes' sockets and the model folders are mounted read-only (a socket takes
# connections on a read-only mount). It speaks to VAS by HTTP and to nobody else.

FROM node:24.21.0-bookworm-slim AS manifests
WORKDIR /src
COPY . .
# npm ci compares the lock file with the package.json of every workspace, and needs nothing else.
RUN mkdir /manifests && find . -name package.json -o -name package-lock.json | xargs cp --parents -t /manifests

FROM node:24.21.0-bookworm-slim AS install
WORKDIR /app
COPY --from=manifests /manifests ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --workspace=@vas/ruth-core

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production VAS_URL=http://vas:8080 VAS_SHM_DIR=/run/vas/frames RUTH_SOCKET_DIR=/run/ruth \
  RUTH_MODELS_DIR=/opt/ruth-ai/models
WORKDIR /app
COPY package.json ./
COPY --from=install /app/node_modules node_modules
COPY packages/base packages/base
COPY packages/contracts packages/contracts
COPY apps/ruth-core apps/ruth-core
# The sockets are 0600 and the runtimes' own, so Core has their user id.
RUN find node_modules/@vas -xtype l -delete \
  && groupadd --gid 10001 vas \
  && useradd --uid 10001 --gid vas --no-create-home --shell /usr/sbin/nologin vas \
  && install -d -o vas -g vas -m 0750 /run/vas/frames /run/ruth /opt/ruth-ai/models
USER 10001:10001
STOPSIGNAL SIGTERM
# No HEALTHCHECK: Core listens nowhere. VAS tells its health at /api/v1/ai-health by its reports.
# V8 would let the young generation grow to 64 MiB, however little of it lives; 4 MiB a half cost no measurable time.
ENTRYPOINT ["node", "--max-semi-space-size=4", "apps/ruth-core/src/main.ts"]

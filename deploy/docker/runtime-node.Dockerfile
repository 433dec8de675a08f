# syntax=docker/dockerfile:1
# The base of runtimes written in TypeScript: Node and the SDK, no model. Built from the repository's root:
#   docker build -f deploy/docker/runtime-node.Dockerfile -t vas/runtime-node .
#
# A model is a folder with model.yaml and its entry, put into an image of its own
#   FROM vas/runtime-node
#   COPY . /opt/ruth-ai/models/model
# or mounted there read-only. Packages that it needs come with it, in its own node_modules.
#
# By hand, with the isolation that compose.yaml gives:
#   docker run --rm --network none --read-only --cap-drop ALL --security-opt no-new-privileges \
#     -v vas_frames:/run/vas/frames:ro -v vas_sockets-mine:/run/ruth \
#     -v "$PWD/mine:/opt/ruth-ai/models/model:ro" vas/runtime-node

FROM node:24.21.0-bookworm-slim AS manifests
WORKDIR /src
COPY . .
# npm ci compares the lock file with the package.json of every workspace, and needs nothing else.
RUN mkdir /manifests && find . -name package.json -o -name package-lock.json | xargs cp --parents -t /manifests

FROM node:24.21.0-bookworm-slim AS install
WORKDIR /app
COPY --from=manifests /manifests ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --workspace=@vas/runtime-sdk

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production RUTH_SOCKET_DIR=/run/ruth VAS_SHM_DIR=/run/vas/frames
WORKDIR /app
COPY package.json ./
COPY --from=install /app/node_modules node_modules
COPY packages/base packages/base
COPY packages/contracts packages/contracts
COPY packages/runtime-sdk packages/runtime-sdk
RUN find node_modules/@vas -xtype l -delete \
  && groupadd --gid 10001 vas \
  && useradd --uid 10001 --gid vas --no-create-home --shell /usr/sbin/nologin vas \
  && install -d -o vas -g vas -m 0750 /run/vas/frames /run/ruth /opt/ruth-ai/models/model
USER 10001:10001
STOPSIGNAL SIGTERM
# No HEALTHCHECK: the model's id is not known here. Ruth tells a model's health by its heartbeat.
ENTRYPOINT ["node", "packages/runtime-sdk/src/main.ts", "/opt/ruth-ai/models/model"]

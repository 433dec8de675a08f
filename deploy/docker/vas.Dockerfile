# syntax=docker/dockerfile:1
# VAS: cameras, live view, recordings, the API and the web. Built from the repository's root:
#   docker build -f deploy/docker/vas.Dockerfile -t vas/vas .
#
# It needs /var/lib/vas (its data) and, with frame export, a memory folder at /run/vas/frames that Ruth Core and the
# runtimes mount read-only. Everything else may be read-only; /tmp is a small tmpfs.

FROM node:24.21.0-bookworm-slim AS manifests
WORKDIR /src
COPY . .
# npm ci compares the lock file with the package.json of every workspace, and needs nothing else.
RUN mkdir /manifests && find . -name package.json -o -name package-lock.json | xargs cp --parents -t /manifests

FROM node:24.21.0-bookworm-slim AS web
WORKDIR /app
COPY --from=manifests /manifests ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY apps/web apps/web
COPY packages/contracts packages/contracts
WORKDIR /app/apps/web
RUN node ../../node_modules/vite/bin/vite.js build

# The worker is built from the sources in mediasoup's own package, against this Debian's libraries.
FROM node:24.21.0-bookworm-slim AS worker
RUN apt-get update && apt-get install --no-install-recommends -y \
  cmake ninja-build pkg-config g++ libuv1-dev libssl-dev libsrtp2-dev libusrsctp-dev libabsl-dev libflatbuffers-dev \
  flatbuffers-compiler \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY --from=web /app/node_modules/mediasoup mediasoup
COPY tools/mediasoup-worker recipe
RUN cmake -G Ninja -DWORKER_DIR=/build/mediasoup/worker -S recipe -B out && ninja -C out

FROM node:24.21.0-bookworm-slim AS install
WORKDIR /app
COPY --from=manifests /manifests ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --workspace=@vas/vas

FROM node:24.21.0-bookworm-slim
# Drivers for VAS_HWACCEL, such as "libva2 libva-drm2 mesa-va-drivers"; README.md beside this file says which.
ARG HARDWARE_PACKAGES=""
RUN apt-get update && apt-get install --no-install-recommends -y \
  ffmpeg libuv1 libssl3 libsrtp2-1 libusrsctp2 libabsl20220623 ${HARDWARE_PACKAGES} \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production VAS_HTTP_HOST=0.0.0.0 VAS_RTC_LISTEN_IP=0.0.0.0 VAS_DATA_DIR=/var/lib/vas \
  VAS_SHM_DIR=/run/vas/frames VAS_WEB_DIR=/app/apps/web/dist MEDIASOUP_WORKER_BIN=/usr/local/bin/mediasoup-worker
WORKDIR /app
COPY package.json ./
COPY --from=install /app/node_modules node_modules
COPY --from=worker /build/out/mediasoup-worker /usr/local/bin/mediasoup-worker
COPY --from=web /app/apps/web/dist apps/web/dist
COPY packages/base packages/base
COPY packages/contracts packages/contracts
COPY apps/vas apps/vas
# VAS writes the frames and the group may read them: Ruth Core and the runtimes are 10001, in the same group.
RUN find node_modules/@vas -xtype l -delete \
  && groupadd --gid 10001 vas \
  && useradd --uid 10000 --gid vas --no-create-home --shell /usr/sbin/nologin vas \
  && install -d -o vas -g vas -m 0750 /var/lib/vas /run/vas/frames
USER 10000:10001
VOLUME ["/var/lib/vas"]
EXPOSE 8080/tcp 44400/tcp 44400/udp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
ENTRYPOINT ["node", "apps/vas/src/main.ts"]

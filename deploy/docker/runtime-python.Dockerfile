# syntax=docker/dockerfile:1
# The base of runtimes written in Python: Python and the SDK, which needs nothing but the standard library, and no model.
# Built from the repository's root:
#   docker build -f deploy/docker/runtime-python.Dockerfile -t vas/runtime-python .
#
# A model is a folder with model.yaml and its entry, put into an image of its own
#   FROM vas/runtime-python
#   USER root
#   RUN pip install --no-cache-dir numpy==2.2.6
#   USER 10001:10001
#   COPY . /opt/ruth-ai/models/model
# or mounted there read-only, as README.md beside this file shows.

FROM python:3.13-slim-bookworm
# No compiled files beside the sources: the image is read-only where it runs.
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONPATH=/app/sdk \
  RUTH_SOCKET_DIR=/run/ruth VAS_SHM_DIR=/run/vas/frames
WORKDIR /app
COPY packages/runtime-sdk-python/vas_runtime sdk/vas_runtime
RUN groupadd --gid 10001 vas \
  && useradd --uid 10001 --gid vas --no-create-home --shell /usr/sbin/nologin vas \
  && install -d -o vas -g vas -m 0750 /run/vas/frames /run/ruth /opt/ruth-ai/models/model
USER 10001:10001
STOPSIGNAL SIGTERM
# No HEALTHCHECK: the model's id is not known here. Ruth tells a model's health by its heartbeat.
ENTRYPOINT ["python3", "-m", "vas_runtime", "/opt/ruth-ai/models/model"]

# The service: the wheels of locks/service.txt and our own two, no compiler, no root.
# python:3.11-slim by default; any image with python3 (3.11 or newer) and its venv module will do.
ARG BASE_IMAGE=python:3.11-slim

FROM ${BASE_IMAGE} AS build
# An index or a certificate bundle of one's own; they stay in this stage.
ARG PIP_INDEX_URL
ARG PIP_CERT
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
RUN python3 -m venv /opt/creneau && python3 -m venv /opt/build
COPY locks/service.txt locks/build.txt locks/
RUN /opt/creneau/bin/pip install --quiet --require-hashes --only-binary :all: -r locks/service.txt \
 && /opt/build/bin/pip install --quiet --require-hashes --only-binary :all: -r locks/build.txt
COPY . .
RUN /opt/build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels ./producer_contract . \
 && /opt/creneau/bin/pip install --quiet --no-deps --no-index /wheels/*.whl \
 && /opt/creneau/bin/pip check

FROM ${BASE_IMAGE}
RUN groupadd --gid 10001 creneau \
 && useradd --uid 10001 --gid creneau --no-create-home --home-dir /var/lib/creneau creneau \
 && install -d -o creneau -g creneau /var/lib/creneau /var/lib/creneau/models
COPY --from=build /opt/creneau /opt/creneau
ENV PATH=/opt/creneau/bin:$PATH PYTHONUNBUFFERED=1 CRENEAU_VAR=/var/lib/creneau
WORKDIR /var/lib/creneau
USER creneau
ENTRYPOINT ["creneau"]
CMD ["--help"]

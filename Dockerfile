# SPDX-License-Identifier: MIT
#
#   make image                      builds it with docker or podman, whichever is there
#   docs/container.md               how it is run, and what it needs
#
# podman and buildah need --format docker: their own format has no HEALTHCHECK.
ARG BASE=docker.io/library/debian:bookworm-slim

FROM $BASE AS tools
RUN apt-get update \
	&& apt-get install -y --no-install-recommends gcc libc6-dev make pkg-config libsystemd-dev \
		libmicrohttpd-dev libgnutls28-dev libyaml-dev libmnl-dev libjansson-dev \
		libiptc-dev libseccomp-dev libcurl4-openssl-dev libncurses-dev \
		uthash-dev \
	&& rm -rf /var/lib/apt/lists/*

FROM tools AS build
WORKDIR /src
COPY . .
RUN make -j"$(nproc)" CFLAGS=-O2 LDFLAGS=-s

FROM $BASE
# The libraries that the program links, libcurl that it loads for Consul, ncurses for `top`, and what
# commands of exec: monitors commonly are: bash, nc, curl, ip and ss, ping, pgrep.
RUN apt-get update \
	&& apt-get install -y --no-install-recommends libsystemd0 libmicrohttpd12 libgnutls30 \
		libyaml-0-2 libmnl0 libjansson4 libip4tc2 libip6tc2 libseccomp2 libcurl4 libncursesw6 \
		ca-certificates \
		bash netcat-openbsd curl iproute2 iputils-ping procps \
	&& rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*
COPY --from=build /src/build/vipherald /usr/local/bin/
COPY LICENSE /usr/share/doc/vipherald/
# Apps registered over HTTP are stored here: mount a volume, or they end with the container.
RUN mkdir /var/lib/vipherald
# As in GoCast's image: the program is ./gocast of the working directory, and paths in the arguments
# are relative to it.
WORKDIR /root
RUN ln -s /usr/local/bin/vipherald gocast
EXPOSE 8080/tcp
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
	CMD ["vipherald", "healthcheck"]
ENTRYPOINT ["vipherald"]

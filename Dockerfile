# One image that is coordinator, worker and client; see docs/how-to/containers.md.
FROM node:22-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN sh deploy/image/assemble.sh /out

FROM node:22-bookworm-slim
ENV NODE_ENV=production
COPY --from=build /out /opt/mitosis
RUN groupadd --gid 10001 mito \
 && useradd --uid 10001 --gid mito --create-home --home-dir /home/mito mito \
 && install -d -o mito -g mito -m 0700 /state /work /admin \
 && install -d -m 0700 /enrol \
 && printf '#!/bin/sh\nexec node -- /opt/mitosis/apps/mito/dist/main.js "$@"\n' > /usr/local/bin/mito \
 && chmod 0755 /usr/local/bin/mito
USER mito
WORKDIR /home/mito
ENV MITO_STATE_DIR=/state MITO_WORK_DIR=/work
ENTRYPOINT ["mito"]
CMD ["--help"]

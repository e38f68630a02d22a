# One image that is coordinator, worker and client; see docs/how-to/containers.md.
ARG BASE=node:22-bookworm-slim
FROM ${BASE} AS build
WORKDIR /src
COPY . .
# The package that `npm run package` writes, installed as on any other machine.
RUN npm run -s package
RUN npm install --global --prefix /out --offline --no-audit --no-fund ./dist/mitosis-[0-9]*.tgz

FROM ${BASE}
ENV NODE_ENV=production
COPY --from=build /out /opt/mitosis
RUN groupadd --gid 10001 mito \
 && useradd --uid 10001 --gid mito --create-home --home-dir /home/mito mito \
 && install -d -o mito -g mito -m 0700 /state /work /admin \
 && install -d -m 0700 /enrol \
 && ln -s /opt/mitosis/bin/mito /usr/local/bin/mito
USER mito
WORKDIR /home/mito
ENV MITO_STATE_DIR=/state MITO_WORK_DIR=/work
ENTRYPOINT ["mito"]
CMD ["--help"]

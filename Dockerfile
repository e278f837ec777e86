# An image that holds nothing but the program. Take it over into yours:
#
#     COPY --from=dashpot /dashpot /dashpot
#     HEALTHCHECK --interval=30s --timeout=3s CMD ["/dashpot", "health"]
#     ENTRYPOINT ["/dashpot"]
FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
	gcc libc6-dev make musl-tools
WORKDIR /src
COPY . .
RUN make

FROM scratch
COPY --from=build /src/dashpot /dashpot
ENTRYPOINT ["/dashpot"]

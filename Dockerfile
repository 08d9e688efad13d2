# The server with the web app in it, in an image of its own.
FROM node:22-bookworm-slim AS web
WORKDIR /src/web
COPY web/ ./
RUN npm ci && npm run build

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=web /src/web/dist web/dist
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /storywire ./cmd/storywire && mkdir /data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /storywire /usr/local/bin/storywire
COPY --from=build --chown=nonroot:nonroot /data /data
ENV DATABASE_URL=/data/storywire.db
VOLUME /data
EXPOSE 3000
ENTRYPOINT ["storywire"]
CMD ["serve"]

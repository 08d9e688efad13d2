// The NestJS peer: the benchmark's wire as a gateway with a JWT guard, as the
// documentation of NestJS builds one, in plain JavaScript: decorators are called
// as the functions that they are. In its best reasonable configuration: WebSocket
// only, no compression, no log, and the token's HMAC key prepared once.
//
// Prints "listening <port>" when it is ready. SIGUSR2 collects garbage (run
// with --expose-gc) and answers "collected" on stdout.
import "reflect-metadata";
import { createSecretKey } from "node:crypto";
import { Injectable, Module, UseGuards } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { JwtModule, JwtService } from "@nestjs/jwt";
import { IoAdapter } from "@nestjs/platform-socket.io";
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from "@nestjs/websockets";

const key = createSecretKey(Buffer.from(process.env.JWT_SECRET, "utf8"));

/** inject names the types of a constructor's parameters, as the TypeScript compiler would. */
function inject(target, ...types) {
  Injectable()(target);
  Reflect.defineMetadata("design:paramtypes", types, target);
}

/** Every message passes the guard, which checks the token of its socket. */
class JwtGuard {
  constructor(jwt) {
    this.jwt = jwt;
  }

  async canActivate(context) {
    const socket = context.switchToWs().getClient();
    await this.jwt.verifyAsync(socket.handshake.auth.token);
    return true;
  }
}
inject(JwtGuard, JwtService);

class RoomGateway {
  constructor(jwt) {
    this.jwt = jwt;
  }

  /** Guards see messages only: connections are checked by a middleware. */
  afterInit(namespace) {
    namespace.use((socket, next) => {
      this.jwt.verifyAsync(socket.handshake.auth.token).then(
        (claims) => {
          socket.data.user = claims.sub;
          next();
        },
        () => next(new Error("UNAUTHENTICATED")),
      );
    });
  }

  join(room, socket) {
    socket.join(room);
    return true;
  }

  say([room, text]) {
    this.server.to(room).emit("said", text);
  }

  echo(text) {
    return text;
  }
}
inject(RoomGateway, JwtService);
WebSocketServer()(RoomGateway.prototype, "server");
for (const event of ["join", "say", "echo"]) {
  MessageBody()(RoomGateway.prototype, event, 0);
  ConnectedSocket()(RoomGateway.prototype, event, 1);
  SubscribeMessage(event)(RoomGateway.prototype, event, Object.getOwnPropertyDescriptor(RoomGateway.prototype, event));
}
UseGuards(JwtGuard)(RoomGateway);
WebSocketGateway({ namespace: "/ws", transports: ["websocket"], perMessageDeflate: false, serveClient: false })(RoomGateway);

class AppModule {}
Module({
  imports: [JwtModule.register({ secret: key, verifyOptions: { algorithms: ["HS256"] } })],
  providers: [RoomGateway, JwtGuard],
})(AppModule);

process.on("SIGUSR2", () => {
  if (globalThis.gc) globalThis.gc();
  process.stdout.write("collected\n");
});

const app = await NestFactory.create(AppModule, { logger: false });
app.useWebSocketAdapter(new IoAdapter(app));
const server = await app.listen({ host: "127.0.0.1", port: 0, backlog: 4096 });
process.stdout.write(`listening ${server.address().port}\n`);

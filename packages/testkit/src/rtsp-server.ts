/**
 * A small RTSP 1.0 server for one stream: RTP over TCP (interleaved) and UDP, Basic and Digest, and the ways in which
 * real cameras misbehave. Media comes in as RTP packets of payload type 96 and is passed on from the moment of PLAY.
 */
import { createHash, randomBytes } from "node:crypto";
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

/**
 * | behaviour | what the camera does |
 * | --- | --- |
 * | normal | answers as it should |
 * | unauthorized | 401 to everything, whatever the password |
 * | not_found | 404 to DESCRIBE |
 * | busy | 453 to SETUP, as a camera whose only session is taken |
 * | hang | takes the connection and never answers |
 * | drip | answers one byte a second |
 * | silent | answers everything and sends no media |
 * | { redirectTo } | 302 to DESCRIBE with this Location |
 */
export type Behaviour =
  | "normal"
  | "unauthorized"
  | "not_found"
  | "busy"
  | "hang"
  | "drip"
  | "silent"
  | { redirectTo: string };

export type RtspAuth = { username: string; password: string; scheme: "basic" | "digest" };

export type RtspServerOptions = {
  /** 0 for any free port. */
  port: number;
  host?: string;
  /** The stream's path, with the leading slash; /stream where absent. */
  path?: string;
  auth?: RtspAuth;
  behaviour?: Behaviour;
  /** The media lines of the description (a=rtpmap, a=fmtp) for payload type 96. */
  mediaLines: () => string[];
  /** A client whose unsent bytes pass this is dropped; 4 MiB where absent. */
  maxQueuedBytes?: number;
};

export type RtspServer = {
  /** Without user name and password. */
  readonly url: string;
  readonly port: number;
  /** Clients between PLAY and their end. */
  playing(): number;
  /** Connections ever taken. */
  connections(): number;
  /** Clients dropped because they did not keep up. */
  dropped(): number;
  /** How requests from now on are answered. */
  behave(behaviour: Behaviour): void;
  /** Stops or resumes the media of all clients; their connections stay open. */
  stall(on: boolean): void;
  /** Closes every client's connection at once. */
  dropClients(): void;
  /** One RTP packet for every playing client. */
  send(packet: Buffer): void;
  close(): Promise<void>;
};

/** Bytes of a request before the connection is closed as hopeless. */
const MAX_REQUEST_BYTES = 64 * 1024;
const REALM = "test camera";

type Client = {
  socket: Socket;
  session: string;
  nonce: string;
  received: Buffer;
  playing: boolean;
  transport: { channel: number } | { udp: UdpSocket; host: string; port: number } | undefined;
  dripping: Buffer[];
  drip: NodeJS.Timeout | undefined;
};

export async function startRtspServer(options: RtspServerOptions): Promise<RtspServer> {
  const { host = "127.0.0.1", path = "/stream", auth, mediaLines, maxQueuedBytes = 4 * 1024 * 1024 } = options;
  let behaviour = options.behaviour ?? "normal";
  let stalled = false;
  let connections = 0;
  let dropped = 0;
  const clients = new Set<Client>();

  const server: Server = createServer((socket) => {
    connections++;
    socket.setNoDelay(true);
    const client: Client = {
      socket,
      session: randomBytes(4).toString("hex"),
      nonce: randomBytes(16).toString("hex"),
      received: Buffer.alloc(0),
      playing: false,
      transport: undefined,
      dripping: [],
      drip: undefined,
    };
    clients.add(client);
    // A client that goes away in the middle of a packet is an everyday end of a session.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => end(client));
    socket.on("data", (chunk) => {
      if (behaviour === "hang") return;
      client.received = Buffer.concat([client.received, chunk]);
      takeRequests(client);
    });
  });

  const end = (client: Client) => {
    clients.delete(client);
    client.playing = false;
    clearInterval(client.drip);
    if (client.transport !== undefined && "udp" in client.transport) client.transport.udp.close();
    client.transport = undefined;
  };

  const takeRequests = (client: Client) => {
    for (;;) {
      if (client.received[0] === 0x24) {
        // Interleaved RTCP from the client: nothing in it is needed.
        if (client.received.length < 4) return;
        const length = 4 + client.received.readUInt16BE(2);
        if (client.received.length < length) return;
        client.received = client.received.subarray(length);
        continue;
      }
      const headerEnd = client.received.indexOf("\r\n\r\n");
      if (headerEnd < 0) {
        if (client.received.length > MAX_REQUEST_BYTES) client.socket.destroy();
        return;
      }
      const request = parseRequest(client.received.toString("latin1", 0, headerEnd));
      const length = headerEnd + 4 + Number(request.headers["content-length"] ?? 0);
      if (client.received.length < length) return;
      client.received = client.received.subarray(length);
      answer(client, request);
    }
  };

  const reply = (client: Client, request: Request, status: string, headers: string[] = [], body = "") => {
    const lines = [`RTSP/1.0 ${status}`, `CSeq: ${request.headers.cseq ?? "0"}`, ...headers];
    if (body !== "") lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
    const bytes = Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`);
    if (behaviour !== "drip") {
      client.socket.write(bytes);
      return;
    }
    client.dripping.push(...[...bytes].map((byte) => Buffer.of(byte)));
    client.drip ??= setInterval(() => {
      const byte = client.dripping.shift();
      if (byte !== undefined) client.socket.write(byte);
    }, 1000);
  };

  const answer = (client: Client, request: Request) => {
    const { method } = request;
    if (method === "OPTIONS")
      return reply(client, request, "200 OK", ["Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"]);
    if (behaviour === "unauthorized" || (auth !== undefined && !isAuthorized(request, auth, client.nonce)))
      return reply(client, request, "401 Unauthorized", [
        auth?.scheme === "basic"
          ? `WWW-Authenticate: Basic realm="${REALM}"`
          : `WWW-Authenticate: Digest realm="${REALM}", nonce="${client.nonce}", algorithm="MD5"`,
      ]);
    if (method === "DESCRIBE") {
      if (typeof behaviour === "object")
        return reply(client, request, "302 Found", [`Location: ${behaviour.redirectTo}`]);
      if (behaviour === "not_found" || pathOf(request.url) !== path) return reply(client, request, "404 Not Found");
      return reply(
        client,
        request,
        "200 OK",
        ["Content-Type: application/sdp", `Content-Base: ${request.url.replace(/\/$/, "")}/`],
        description(mediaLines()),
      );
    }
    if (method === "SETUP") {
      if (behaviour === "busy") return reply(client, request, "453 Not Enough Bandwidth");
      void setup(client, request);
      return;
    }
    if (method === "PLAY") {
      if (client.transport === undefined) return reply(client, request, "455 Method Not Valid in This State");
      reply(client, request, "200 OK", [`Session: ${client.session};timeout=60`, "Range: npt=0.000-"]);
      client.playing = behaviour !== "silent";
      return;
    }
    if (method === "GET_PARAMETER") return reply(client, request, "200 OK", [`Session: ${client.session}`]);
    if (method === "TEARDOWN") {
      reply(client, request, "200 OK", [`Session: ${client.session}`]);
      client.socket.end();
      return;
    }
    reply(client, request, "501 Not Implemented");
  };

  const setup = async (client: Client, request: Request) => {
    const wanted = request.headers.transport ?? "";
    if (/\/TCP/i.test(wanted)) {
      const channel = Number(/interleaved=(\d+)/i.exec(wanted)?.[1] ?? 0);
      client.transport = { channel };
      return reply(client, request, "200 OK", [
        `Session: ${client.session};timeout=60`,
        `Transport: RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1}`,
      ]);
    }
    const clientPort = Number(/client_port=(\d+)/i.exec(wanted)?.[1] ?? 0);
    if (clientPort === 0) return reply(client, request, "461 Unsupported Transport");
    const udp = createSocket("udp4");
    udp.bind(0, host);
    await once(udp, "listening");
    // The client's port may close before its connection does; what is sent meanwhile is lost, as UDP is.
    udp.on("error", () => undefined);
    if (client.socket.destroyed) {
      udp.close();
      return;
    }
    client.transport = { udp, host: client.socket.remoteAddress ?? host, port: clientPort };
    const { port } = udp.address();
    return reply(client, request, "200 OK", [
      `Session: ${client.session};timeout=60`,
      `Transport: RTP/AVP;unicast;client_port=${clientPort}-${clientPort + 1};server_port=${port}-${port + 1}`,
    ]);
  };

  server.listen(options.port, host);
  await once(server, "listening");
  const { port } = server.address() as { port: number };

  return {
    url: `rtsp://${host}:${port}${path}`,
    port,
    playing: () => [...clients].filter((client) => client.playing).length,
    connections: () => connections,
    dropped: () => dropped,
    behave(next) {
      behaviour = next;
    },
    stall(on) {
      stalled = on;
    },
    dropClients() {
      for (const client of clients) client.socket.destroy();
    },
    send(packet) {
      if (stalled) return;
      for (const client of clients) {
        if (!client.playing || client.transport === undefined) continue;
        if ("udp" in client.transport) {
          client.transport.udp.send(packet, client.transport.port, client.transport.host);
          continue;
        }
        const frame = Buffer.allocUnsafe(4 + packet.length);
        frame[0] = 0x24;
        frame[1] = client.transport.channel;
        frame.writeUInt16BE(packet.length, 2);
        packet.copy(frame, 4);
        client.socket.write(frame);
        if (client.socket.writableLength > maxQueuedBytes) {
          dropped++;
          client.playing = false;
          client.socket.destroy();
        }
      }
    },
    async close() {
      for (const client of clients) client.socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

type Request = { method: string; url: string; headers: Record<string, string> };

function parseRequest(text: string): Request {
  const [first = "", ...rest] = text.replace(/^(\r\n)+/, "").split("\r\n");
  const [method = "", url = ""] = first.split(" ");
  const headers: Record<string, string> = {};
  for (const line of rest) {
    const colon = line.indexOf(":");
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { method, url, headers };
}

function pathOf(url: string): string {
  const path = /^rtsps?:\/\/[^/]*(\/[^?]*)?/i.exec(url)?.[1] ?? url;
  return path.length > 1 ? path.replace(/\/$/, "") : path;
}

function description(mediaLines: string[]): string {
  return [
    "v=0",
    "o=- 0 0 IN IP4 127.0.0.1",
    "s=Test camera",
    "c=IN IP4 0.0.0.0",
    "t=0 0",
    "m=video 0 RTP/AVP 96",
    ...mediaLines,
    "a=control:streamid=0",
    "",
  ].join("\r\n");
}

function isAuthorized(request: Request, auth: RtspAuth, nonce: string): boolean {
  const given = request.headers.authorization ?? "";
  if (auth.scheme === "basic")
    return given === `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`;
  if (!given.startsWith("Digest ")) return false;
  const field = (name: string) => new RegExp(`[ ,]${name}="([^"]*)"`).exec(given)?.[1] ?? "";
  const secret = md5(`${auth.username}:${REALM}:${auth.password}`);
  const expected = md5(`${secret}:${nonce}:${md5(`${request.method}:${field("uri")}`)}`);
  return field("username") === auth.username && field("nonce") === nonce && field("response") === expected;
}

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

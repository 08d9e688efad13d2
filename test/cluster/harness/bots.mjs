// Players with the stock client, which play parties until they are told to rest: told what to do by lines of JSON,
// telling what was acknowledged, and how each party has ended for them, in lines of JSON.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const tell = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const bots = [];
let resting = false;

/** Refusals that say "later" of the same command. */
const PASSING = ["CONFLICT", "UNAVAILABLE", "RATE_LIMITED"];
const THINK_MS = 20;
/** Steps that a party remembers. */
const LONGEST_PATH = 500;
const later = (act, ms = THINK_MS) => setTimeout(act, ms * (0.5 + Math.random()));

/** One party as one player knows it, from states and events. */
class Party {
  constructor(bot, id) {
    Object.assign(this, { bot, id, seq: 0, heard: 0, busy: false, sent: "", decided: new Set() });
  }

  /** Sends a command until it is answered for good, always under the same cmdId. */
  command(event, payload, done) {
    this.bot.socket.emit(event, { ...payload, sessionId: this.id }, (error, answer) => {
      if (error || (!answer.ok && PASSING.includes(answer.error.code))) {
        later(() => this.command(event, payload, done));
        return;
      }
      done(answer);
    });
  }

  /** Asks for what was missed, and again if more was missed meanwhile. */
  sync() {
    if (this.busy) return;
    this.busy = true;
    this.heard = this.seq;
    this.command("play:sync", { sinceSeq: this.seq }, (answer) => {
      this.busy = false;
      if (!answer.ok) return tell({ wrong: `${this.bot.name}: play:sync: ${answer.error.code}` });
      if (answer.data.state) this.take(answer.data.state);
      for (const event of answer.data.events) this.happened(event);
      if (this.heard > this.seq) this.sync();
    });
  }

  take({ seq, view }) {
    if (seq < this.seq) return;
    this.seq = seq;
    this.status = view.status;
    this.host = view.host;
    this.round = view.round;
    this.voted = view.me.vote !== null;
    this.path = view.path.map(({ round, passageId, label }) => ({ round, passageId, label }));
    this.late = false;
    this.went();
  }

  happened(event) {
    if (event.seq <= this.seq) return;
    if (event.seq !== this.seq + 1) {
      this.heard = Math.max(this.heard, event.seq);
      this.sync();
      return;
    }
    this.seq = event.seq;
    this.apply(event);
    this.went();
  }

  apply({ type, round, payload }) {
    switch (type) {
      case "round":
        this.round = payload.round;
        this.voted = this.late = false;
        if (this.path.length < LONGEST_PATH) this.path.push({ round, passageId: payload.round.passageId, label: "" });
        break;
      case "resolved":
        if (this.decided.has(round)) tell({ wrong: `${this.bot.name} hears that round ${round} is decided twice` });
        this.decided.add(round);
        if (this.path.at(-1).round === round) this.path.at(-1).label = payload.label;
        break;
      case "voted":
        this.voted ||= payload.userId === this.bot.name;
        break;
      case "revote":
        this.round = { ...this.round, tied: payload.tied };
        this.voted = false;
        this.late = true;
        break;
      case "turn":
        this.round = { ...this.round, turn: payload.userId };
        this.late = true;
        break;
      case "rearmed":
        this.late = true;
        break;
      case "eligible":
        this.round = { ...this.round, eligible: payload.eligible };
        break;
      case "host_changed":
        this.host = payload.userId;
        break;
      case "started":
      case "resumed":
        this.status = "playing";
        break;
      case "paused":
      case "ended":
        this.status = type;
    }
  }

  /** What a player does about it: chooses, unless the time of this passage is to run out. */
  went() {
    if (this.status === "ended") {
      const { seq, status, host, path } = this;
      tell({ bot: this.bot.name, party: this.id, final: { seq, status, host, path } });
    }
    const { round, bot } = this;
    if (resting || this.status !== "playing" || !round || this.voted || round.options.length === 0) return;
    const chooser = { host: this.host === bot.name, rotate: round.turn === bot.name }[round.mode];
    if (!(chooser ?? round.eligible.includes(bot.name))) return;
    const vote = round.mode === "majority" || round.mode === "unanimous";
    if (round.name === "Wait" && !this.late && !(vote && bot.first)) return;
    const at = `${round.round} ${round.tied} ${round.turn} ${this.host}`;
    if (this.sent === at) return;
    this.sent = at;
    later(() => this.choose(round));
  }

  choose({ round, mode, options, tied }) {
    const open = options.filter(({ id }) => tied.length === 0 || tied.includes(id));
    const any = mode === "unanimous" ? round >> 1 : Math.floor(Math.random() * open.length); // or they never agree
    const option = open[any % open.length].id;
    const cmdId = `choose ${this.bot.commands++}`; // those of other players are the same
    this.command("play:choose", { round, option, cmdId }, (answer) => {
      if (answer.ok) tell({ bot: this.bot.name, party: this.id, acked: cmdId });
      else this.sync(); // somebody was faster: what is there now?
    });
  }
}

const orders = {
  /** The application's setting: at least once, in order, soon again. */
  play({ name, url, token, parties, first }) {
    const socket = io(`${url}/ws`, {
      auth: { token }, transports: ["websocket"], forceNew: true,
      retries: 1000, ackTimeout: 2000, reconnectionDelay: 50, reconnectionDelayMax: 300,
    });
    const bot = { name, socket, first, commands: 0 };
    const mine = new Map(parties.map((id) => [id, new Party(bot, id)]));
    bots.push(bot);
    socket.on("play:event", (event) => mine.get(event.sessionId)?.happened(event));
    socket.on("play:gap", ({ sessionId }) => mine.get(sessionId)?.sync());
    for (const party of mine.values()) {
      party.command("play:join", { cmdId: "join" }, (answer) => {
        if (!answer.ok) return tell({ wrong: `${name}: play:join: ${answer.error.code}` });
        party.take(answer.data);
        tell({ bot: name, party: party.id, joined: true });
        socket.on("connect", () => party.sync()); // after every connection
      });
    }
  },
  rest() {
    resting = true;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  orders[order.do](order);
}
for (const { socket } of bots) socket.disconnect();
process.exit(0);

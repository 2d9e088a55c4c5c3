// The preview's server: the widget in the frame is the real one, but its requests end here, in the browser. So the
// preview shows settings that nobody has saved, and makes no conversation.

import type { WidgetForPage } from "../../../../workerd/api/openapi/openapi";

type Frame = Readonly<Record<string, unknown>>;
type View = Window & typeof globalThis;

/** A message as the server's history has it. */
interface Said {
	readonly id: string;
	readonly role: "user" | "assistant";
	readonly content: string;
	readonly createdAt: number;
	readonly status: "complete";
}

/** In place of the browser's storage, which is the dashboard's. */
export function createMemory(): Record<string, unknown> {
	const methods = {
		getItem: (key: string) => memory[key] ?? null,
		setItem(key: string, value: string) {
			memory[key] = value;
		},
		removeItem: (key: string) => void delete memory[key],
	};
	const memory: Record<string, unknown> = Object.create(methods);
	return memory;
}

export interface StandIn {
	/** What the widget reads next. */
	record: WidgetForPage;
	/** By the widget's own keys. */
	readonly local: Record<string, unknown>;
	/** Puts it in the place of everything in the frame that reaches the server or the browser's storage. */
	install(view: View): void;
	/** Forgets the messages and what a visitor has closed or declined. */
	forget(): void;
}

const OPEN = 1;
const CLOSED = 3;
const TOKEN_MS = 25;

/** `reply`: what the agent answers to everything. */
export function createStandIn(record: WidgetForPage, reply: string): StandIn {
	const local = createMemory();
	const session = createMemory();
	let messages: Said[] = [];

	/** The server's end of the widget's WebSocket. */
	function connect(target: EventTarget, isOpen: () => boolean) {
		const send = (frame: Frame) => {
			if (isOpen())
				target.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(frame) }));
		};
		const say = (role: Said["role"], content: string): Said => {
			const id = crypto.randomUUID?.() ?? `${role}-${messages.length}`;
			const said: Said = { id, role, content, createdAt: Date.now(), status: "complete" };
			messages.push(said);
			return said;
		};
		let stopReply = () => {};

		function answer() {
			const tokens = reply.match(/\S+\s*/g) ?? [];
			let next = 0;
			send({ type: "typing_start" });
			const end = (status: string) => {
				clearInterval(timer);
				stopReply = () => {};
				send({ type: "message", ...say("assistant", tokens.slice(0, next).join("")), status });
				send({ type: "typing_stop" });
			};
			const timer = setInterval(() => {
				const token = tokens[next++];
				if (token === undefined) end("complete");
				else send({ type: "token", token });
			}, TOKEN_MS);
			stopReply = () => end("stopped");
		}

		return {
			begin() {
				send({ type: "session", session_token: "preview", contact_info_submitted: false });
				send({ type: "history", messages, active: null, more: false });
			},
			hear({ type, content }: Frame) {
				if (type === "message") {
					say("user", String(content));
					answer();
				} else if (type === "stop") stopReply();
				else if (type === "contact_info") send({ type: "contact_info_saved" });
				else if (type === "ping") send({ type: "pong" });
			},
		};
	}

	class Socket extends EventTarget {
		readyState = 0;
		private readonly server = connect(this, () => this.readyState === OPEN);

		constructor() {
			super();
			setTimeout(() => {
				this.readyState = OPEN;
				this.server.begin();
			});
		}

		send(text: string) {
			this.server.hear(JSON.parse(text) as Frame);
		}

		close() {
			this.readyState = CLOSED;
		}
	}

	const standIn: StandIn = {
		record,
		local,
		install(view) {
			const replace = (object: object, name: string, value: unknown) =>
				Object.defineProperty(object, name, { value, configurable: true });
			replace(view, "localStorage", local);
			replace(view, "sessionStorage", session);
			replace(view, "fetch", async () => new Response(JSON.stringify(standIn.record)));
			replace(view, "WebSocket", Socket);
			// Without locks, a tab does not share its conversation with the previews of other tabs.
			replace(view.navigator, "locks", undefined);
		},
		forget() {
			messages = [];
			for (const memory of [local, session])
				for (const key of Object.keys(memory))
					if (!key.startsWith("banter.open")) delete memory[key];
		},
	};
	return standIn;
}

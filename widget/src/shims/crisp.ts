// window.$crisp, as its developers' documents describe it, for the widget.

import { call, context, forget, identify, load, on } from "./widget";

type Listener = (...args: unknown[]) => void;

const page = window as unknown as {
	$crisp?: unknown[] | { push(command: unknown): void };
	CRISP_READY_TRIGGER?: () => void;
};

const state: Record<string, unknown> = { "chat:closed": true, "chat:visible": true };
const values: Record<string, unknown> = { "chat:unread:count": 0 };
const listeners: Record<string, Listener> = {};
const tell = (event: string, ...args: unknown[]) => listeners[event]?.(...args);

for (const [event, isOpen] of [
	["opened", true],
	["closed", false],
] as const)
	on(event, () => {
		state["chat:opened"] = isOpen;
		state["chat:closed"] = !isOpen;
		tell(`chat:${event}`);
	});
on("message", ({ text }) => tell("message:sent", { content: text, from: "user", type: "text" }));
on("reply", ({ text }) =>
	tell("message:received", { content: text, from: "operator", type: "text" }),
);
on("unread", ({ count }) => {
	values["chat:unread:count"] = count;
});
on("ready", () => {
	page.CRISP_READY_TRIGGER?.();
	tell("session:loaded");
});

const visible = (isVisible: boolean) => () => {
	state["chat:visible"] = isVisible;
	call(isVisible ? "show" : "hide");
};

const DO: Readonly<Record<string, (args: readonly string[]) => unknown>> = {
	"chat:open": () => call("open"),
	"chat:close": () => call("close"),
	"chat:toggle": () => call("toggle"),
	"chat:show": visible(true),
	"chat:hide": visible(false),
	"message:send": ([type, text]) => type === "text" && call("send", text),
	"session:reset": forget,
};

const SET: Readonly<Record<string, (args: readonly never[]) => unknown>> = {
	"message:text": ([text]) => call("prefill", text),
	// The signature is that of the e-mail address, which is the visitor's id then.
	"user:email": ([email, hash]) => identify({ email, hash, userId: hash && email }),
	"user:nickname": ([name]) => identify({ name }),
	"user:phone": ([phone]) => identify({ phone }),
	"session:data": ([list, value]: readonly unknown[]) =>
		context(Array.isArray(list) ? Object.fromEntries(list) : { [String(list)]: value }),
	"session:segments": ([segments]) => context({ segments }),
};

/** A command that is not here has no effect. */
function run([kind, what, args]: readonly [string, string, never]) {
	if (kind === "do") DO[what]?.(args ?? []);
	if (kind === "on") listeners[what] = args;
	if (kind === "off") delete listeners[what];
	if (kind !== "set") return;
	const list = [args].flat() as never[];
	values[what] = list[0];
	SET[what]?.(what === "session:data" ? args : list);
}

const queue = page.$crisp;
const crisp = {
	push: (command: unknown) => run(command as never),
	is: (what: string) => Boolean(state[what]),
	get: (what: string) => values[what] ?? null,
};
page.$crisp = crisp;
load({});
if (Array.isArray(queue)) for (const command of queue) run(command as never);

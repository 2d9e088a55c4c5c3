// What the shims share: they load the widget with the parameters of their own address, and call the page's API.

type Call = (method: string, ...args: unknown[]) => unknown;
type Settings = Readonly<Record<string, string | undefined>>;

const page = window as unknown as { banter?: Call & { q?: unknown[] } };
const address = new URL((document.currentScript as HTMLScriptElement).src);
let isLoaded = false;

/** Calls the page's API; before the widget is there, its queue keeps the call. */
export function call(method: string, ...args: unknown[]): unknown {
	page.banter ||= Object.assign((...all: unknown[]) => void page.banter?.q?.push(all), { q: [] });
	return page.banter(method, ...args);
}

/** Calls back with the detail of an event of the widget. */
export function on(event: string, listener: (detail: { count: number; text: string }) => void) {
	document.addEventListener(`banter:${event}`, (e) => listener((e as CustomEvent).detail));
}

/** Loads the widget once; false: it was loaded before. The settings are attributes of its tag. */
export function load(settings: Settings): boolean {
	if (isLoaded) return false;
	isLoaded = true;
	const script = document.createElement("script");
	const url = new URL(`../api/widget/embed.js${address.search}`, address);
	for (const [name, value] of Object.entries(settings))
		if (value) url.searchParams.set(name, value);
	script.src = url.href;
	document.head.append(script);
	return true;
}

let known: Record<string, unknown> = {};

/** Adds to what the page knows; undefined removes. */
export function context(more: Readonly<Record<string, unknown>>) {
	known = { ...known, ...more };
	call("context", known);
}

let who: Record<string, unknown> = {};
let told = "{}";

/** Adds to who the visitor is. Calls of one tick become one `identify`, and nothing is sent twice: the server counts each as a message. */
export function identify(more: Readonly<Record<string, unknown>>) {
	for (const [name, value] of Object.entries(more)) if (value) who[name] = value;
	queueMicrotask(() => {
		const now = JSON.stringify(who);
		if (now !== told && now !== "{}") call("identify", { ...who });
		told = now;
	});
}

/** The visitor has logged out. */
export function forget() {
	known = {};
	who = {};
	told = "{}";
	call("context", known);
	call("identify", who);
	call("reset");
}

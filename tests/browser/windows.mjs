// What the windows of a browser did together, for the message of a test that fails by chance: the connections and frames
// of each, what they said to each other, and what they know at the end.

/** Runs in each page, before its scripts. */
function listen() {
	window.heard = [];
	const note = (...what) => window.heard.push([Date.now(), ...what]);
	const { postMessage, addEventListener } = BroadcastChannel.prototype;
	BroadcastChannel.prototype.postMessage = function (data) {
		note("says", data);
		return postMessage.call(this, data);
	};
	BroadcastChannel.prototype.addEventListener = function (type, listener, ...more) {
		if (type === "message") addEventListener.call(this, type, ({ data }) => note("hears", data));
		return addEventListener.call(this, type, listener, ...more);
	};
	const { setItem, removeItem } = Storage.prototype;
	Storage.prototype.setItem = function (key, value) {
		note("keeps", key, value);
		return setItem.call(this, key, value);
	};
	Storage.prototype.removeItem = function (key) {
		note("drops", key);
		return removeItem.call(this, key);
	};
}

/** What a page knows. */
async function look() {
	const { held, pending } = await navigator.locks.query();
	const mine = ({ clientId, name }) => `${clientId} ${name}`;
	const root = document.querySelector("banter-chat")?.shadowRoot;
	return {
		local: { ...localStorage },
		session: { ...sessionStorage },
		held: held.map(mine),
		pending: pending.map(mine),
		isOpen: !!root?.querySelector(".open"),
		log: root?.querySelector(".log")?.textContent,
		heard: window.heard,
	};
}

const LINE_MAX = 300;
/** How long a window may take to say what it knows. */
const ANSWER_MS = 5000;

/** Traces a profile's pages from now on; the function that is returned tells it as a text. */
export async function traceWindows(context) {
	const windows = [];
	await context.addInitScript(listen);
	context.on("page", (page) => {
		const did = [];
		const note = (...what) => did.push([Date.now(), ...what]);
		windows.push({ page, did });
		page.on("request", (request) => note(request.method(), request.url()));
		page.on("console", (message) => note("console", message.text()));
		page.on("close", () => note("closed"));
		page.on("crash", () => note("crashed"));
		page.on("websocket", (socket) => {
			note("connects", socket.url());
			socket.on("framesent", ({ payload }) => note("sends", payload));
			socket.on("framereceived", ({ payload }) => note("receives", payload));
			socket.on("socketerror", (error) => note("fails", error));
			socket.on("close", () => note("disconnects"));
		});
	});

	async function tell({ page, did }, i) {
		const late = new Promise((resolve) => setTimeout(resolve, ANSWER_MS, {}));
		const { heard = [], ...state } = await Promise.race([
			page.evaluate(look).catch(() => ({})),
			late,
		]);
		const lines = [...did, ...heard].sort(([a], [b]) => a - b);
		const text = (what) => JSON.stringify(what).slice(0, LINE_MAX);
		return [`window ${i + 1}: ${JSON.stringify(state)}`, ...lines.map(text)].join("\n");
	}

	return async () => (await Promise.all(windows.map(tell))).join("\n");
}

/** Runs a test; if it fails, its error also has the text of traceWindows(). */
export async function explain(tell, test) {
	try {
		await test();
	} catch (error) {
		error.message += `\n${await tell()}`;
		throw error;
	}
}

/** In a page: fills localStorage to the last byte. */
export function fillStorage() {
	for (let size = 2 ** 22; size >= 1; size /= 2)
		try {
			for (let i = 0; ; i++) localStorage.setItem(`${size} ${i}`, "x".repeat(size));
		} catch {}
}

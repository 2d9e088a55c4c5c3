// make bench-tenants: what one organization notices while another one attacks a queue that both share
// (workerd/README.md, "Queues that organizations share"): the p95 of its own requests, without and with the attack, in
// turns. The attacker has all that the API lets one tenant do, over 16 connections.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, get as openGet } from "node:http";
import { parseArgs } from "node:util";
import { addUser, logIn } from "../e2e/accounts.mjs";
import { page, Site } from "../e2e/crawl-site.mjs";
import { ADMIN_KEY, Banter, until, WIDGET_KEY } from "../e2e/harness.mjs";
import { addSource, putPage } from "../e2e/knowledge.mjs";
import { addOrganization, bare, connectToStore } from "../e2e/organizations.mjs";
import { Bench, print, verdict } from "./bench.mjs";

const GOAL = 1.5;
const CONNECTIONS = 16;
const PLACES = 64; // MAX_REPLIES

const { values: options } = parseArgs({
	options: {
		/** Only the queues whose names contain this. */
		only: { type: "string", default: "" },
		/** Requests of the victim in a round, without and with the attack. */
		requests: { type: "string", default: "20" },
		rounds: { type: "string", default: "3" },
	},
});
const [requests, rounds] = [Number(options.requests), Number(options.rounds)];

const bench = new Bench("tenants", 1800);
// In memory: on a disk that others use, too, syncs take longer than all that is compared here.
process.env.TMPDIR = "/dev/shm";

/** A server on loopback that ends with the process; answer(request, response). */
async function serve(answer, host = "127.0.0.1") {
	const server = createServer(answer).listen(0, host);
	await once(server, "listening");
	server.unref();
	return `http://${host}:${server.address().port}`;
}

/** Calls seen(text) with each text that an embedding server is asked for. It takes 100 ms for a request. */
let seen = () => {};
const embeddings = await serve(async (request, response) => {
	const { input } = JSON.parse(Buffer.concat(await request.toArray()));
	for (const text of input) seen(text);
	const data = input.map((_, index) => ({ index, embedding: [1, 2, 3] }));
	setTimeout(() => response.end(JSON.stringify({ data })), 100);
});

const banter = new Banter({
	workers: 1,
	search: true,
	crawl: true,
	env: {
		MAX_REPLIES: String(PLACES),
		ABANDONED_REPLY_MS: "500", // the attacker's replies end after the attack
		WEBHOOK_ALLOW: "127.0.0.0/8",
		CRAWL_ALLOW: "127.0.0.0/8",
		TRUSTED_PROXIES: "127.0.0.1",
		DASHBOARD_LOGINS_PER_MINUTE: "1000000",
		EMBEDDING_MODEL: "held",
		EMBEDDING_SERVER: "held",
		MODEL_SERVERS: `held=${embeddings}/v1`,
	},
});
await banter.start();
process.on("exit", () => {
	for (const daemon of banter.daemons) daemon.child?.kill("SIGKILL");
});

/** The attacker is the organization of the settings' keys, with 20,000 messages and numbers of two years. */
const attacker = { "x-admin-api-key": ADMIN_KEY };
for await (const _ of bench.measure("fill", {
	socket: `${banter.storaged.env.DATA_DIR}/store.sock`,
	messages: 20_480,
	widgets: 10,
	agents: 5,
}));

/** The victim: { org, headers } of its owner, a key for chats. */
const victim = await addOrganization(banter, "Victim");
const asVictim = (method, path, body) =>
	banter.request(method, `/v1/admin/${path}`, { headers: victim.headers, body });
const must = async (status, answer) => {
	const got = await answer;
	if (got.status !== status) throw new Error(`${got.status} in place of ${status}: ${got.text}`);
	return got.json;
};
victim.key = (await must(201, asVictim("POST", "keys", { kind: "widget", name: "Bench" }))).key;
const user = await addUser(banter, "person@victim.example", "--org", victim.org);
const peer = await connectToStore(banter);

let count = 0;
/** The victim's message; resolves when its reply is complete. */
const chat = (text = "[[tokens=1]]") =>
	must(
		200,
		banter.request("POST", "/v1/chat", {
			headers: { "x-api-key": victim.key },
			body: { sessionId: `victim-${++count}`, message: text },
		}),
	);
for (let i = 0; i < 50; i++) await chat(`zebra${i} [[tokens=1]]`);

const get = (path) => async () => void (await must(200, asVictim("GET", path)));
const got = (path) => ({ method: "GET", path: `/v1/admin/${path}`, headers: attacker });
const json = { "content-type": "application/json" };
const said = (message, headers = {}) => ({
	method: "POST",
	path: "/v1/chat",
	headers: { ...json, "x-api-key": WIDGET_KEY, ...headers },
	body: JSON.stringify({ sessionId: "attacker-%n", message }),
});
const day = (ago) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
const year = `from=${day(364)}&to=${day(0)}`;

/** Adds an endpoint for an organization's messages. */
const addWebhook = (url, headers) =>
	must(
		201,
		banter.request("POST", "/v1/admin/webhooks", { headers, body: { url, kinds: ["message"] } }),
	);

/** A promise that resolves when hit() is called. */
function signal() {
	let hit;
	const wait = new Promise((resolve) => {
		hit = resolve;
	});
	return { wait, hit };
}

async function longConversation() {
	const { conversations } = await banter.adminGet("/v1/admin/conversations?limit=1");
	return conversations[0]._id;
}

/** The queues: attack() resolves to the attacker's requests, victim() to a function that waits for the victim's request. */
const queues = {
	"replies: a message": {
		attack: () => [said("[[tokens=3 hang-after=3]]", { "x-forwarded-for": "192.0.2.%n" })],
		connections: 2 * PLACES,
		victim: () => chat,
	},
	"store: a list beside lists": {
		attack: () => [got("conversations?limit=100")],
		victim: () => get("conversations?limit=20"),
	},
	"store: a message beside numbers": {
		attack: () => [got(`numbers?by=day&${year}`), got(`numbers?by=agent&${year}`)],
		victim: () => chat,
	},
	"numbers: numbers beside numbers": {
		attack: () => [got(`numbers?by=day&${year}`), got(`numbers?by=agent&${year}`)],
		victim: () => get(`numbers?by=day&${year}`),
	},
	"exports: an export beside exports": {
		attack: async () => [got(`conversations/${await longConversation()}/export?format=json`)],
		victim: async () => {
			const { conversations } = await must(200, asVictim("GET", "conversations?limit=1"));
			return get(`conversations/${conversations[0]._id}/export?format=json`);
		},
	},
	"searches: a search": {
		attack: () => [got("search?q=a&limit=50"), got("search?q=e&limit=50")],
		victim: () => get("search?q=zebra1&limit=20"),
	},
	"password checks: a login": {
		attack: async () => {
			const person = await addUser(banter, "person@attacker.example");
			const session = await logIn(banter, person, { from: "192.0.2.9" });
			const body = (email) => JSON.stringify({ email, password: "no, this is wrong" });
			return [
				{
					method: "PUT",
					path: "/v1/admin/me/password",
					headers: { ...json, ...session, "x-forwarded-for": "192.0.2.9" },
					body: JSON.stringify({ current: "no, this is wrong", new: "a new one, %n times" }),
				},
				{
					method: "POST",
					path: "/api/login",
					headers: { ...json, "x-forwarded-for": "192.0.%n.1" },
					body: body("person@attacker.example"),
				},
			];
		},
		victim: () => () => logIn(banter, user, { from: "198.51.100.7" }),
	},
	"webhooks: a delivery": {
		attack: async () => {
			const silent = await serve(() => {});
			for (let i = 0; i < 10; i++) await addWebhook(`${silent}/${i}`, attacker);
			return [said("[[tokens=1]]")];
		},
		connections: 2,
		victim: async () => {
			let delivered = signal();
			const url = await serve((request, response) => {
				request.resume();
				response.end();
				delivered.hit();
			});
			await addWebhook(url, victim.headers);
			return async () => {
				delivered = signal();
				await chat();
				await delivered.wait;
			};
		},
	},
	"change feed: an event": {
		attack: () => [got("events"), got("events"), got("events"), said("[[tokens=1]]")],
		connections: 64,
		victim: async () => {
			const stream = await openVictimEvents();
			return async () => {
				const before = stream.n;
				await chat();
				await until("the event comes", () => stream.n > before);
			};
		},
	},
	"crawls: a page": {
		attack: async () => {
			for (let i = 1; i <= 24; i++) {
				const site = await Site.start({}, { host: `127.0.1.${i}` });
				site.server.unref();
				site.missing = (request, response) =>
					setTimeout(() => {
						response.setHeader("content-type", "text/html");
						response.end(page("Slow", "Word. ".repeat(50), [`${request.url}x`]));
					}, 500);
				await must(
					201,
					banter.request("POST", "/v1/admin/sources", {
						headers: attacker,
						body: { name: `Slow ${i}`, kind: "site", url: `${site.origin}/` },
					}),
				);
			}
			return [];
		},
		requests: 6,
		victim: async () => {
			let asked = signal();
			const site = await Site.start({});
			site.server.unref();
			site.missing = (request, response) => {
				if (request.url === "/page") asked.hit();
				response.setHeader("content-type", "text/html");
				response.end(page("Page", "Word. ".repeat(50)));
			};
			const body = { name: "Page", kind: "page", url: `${site.origin}/page` };
			const { id } = await must(201, asVictim("POST", "sources", body));
			await asked.wait;
			return async () => {
				await until("the crawl has ended", async () => {
					const { state } = (await must(200, asVictim("GET", `sources/${id}`))).state;
					return state === "idle" || state === "failed";
				});
				asked = signal();
				await must(202, asVictim("POST", `sources/${id}/crawl`));
				await asked.wait;
			};
		},
	},
	"uploads: a file": {
		attack: async () => {
			const body = { name: "Files", kind: "files" };
			const source = await must(
				201,
				banter.request("POST", "/v1/admin/sources", { headers: attacker, body }),
			);
			return [
				{
					method: "PUT",
					path: `/v1/admin/sources/${source.id}/content?url=%n.txt`,
					headers: { "content-type": "text/plain", ...attacker },
					body: "Some words of file %n. ",
					times: 20_000,
				},
			];
		},
		connections: 4,
		requests: 10,
		victim: async () => {
			const { id } = await must(201, asVictim("POST", "sources", { name: "F", kind: "files" }));
			return async () => {
				const name = `${++count}.txt`;
				const path = `/v1/admin/sources/${id}/content?url=${name}`;
				const headers = { ...victim.headers, "content-type": "text/plain" };
				await must(202, banter.request("PUT", path, { headers, body: `Tea ${count} costs five.` }));
				await until("the file is read", async () => {
					const { pages } = await must(200, asVictim("GET", `sources/${id}/pages?q=${name}`));
					return pages.some((one) => one.state === "read");
				});
			};
		},
	},
	"embeddings: a vector": {
		attack: async () => {
			const source = await addSource(peer);
			for (let i = 0; i < 20; i++) {
				const chunks = Array.from({ length: 200 }, (_, k) => `Import ${i} ${k} ${Date.now()}.`);
				await putPage(banter, source, { url: `https://a.example/${i}`, title: `${i}`, chunks });
			}
			return [];
		},
		victim: async () => {
			const org = bare(victim.org);
			const source = await addSource(peer, { org });
			return async () => {
				const asked = signal();
				const text = `Vector ${++count}.`;
				seen = (one) => one.includes(text) && asked.hit();
				const url = `https://v.example/${count}`;
				await putPage(banter, source, { org, url, title: "Victim", chunks: [text] });
				await asked.wait;
			};
		},
	},
};

/** The victim's stream of events: { n } counts them. */
async function openVictimEvents() {
	const stream = { n: 0 };
	const sent = openGet(`${banter.url}/v1/admin/events`, { headers: victim.headers });
	const [response] = await once(sent, "response");
	response.on("data", () => stream.n++);
	return stream;
}

function startAttack(attack, connections) {
	const plan = JSON.stringify({ url: banter.url, connections, requests: attack });
	const child = spawn(process.execPath, ["tests/bench/attacker.mjs", plan], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	const output = [];
	child.stdout.on("data", (piece) => output.push(piece));
	return async () => {
		const ended = once(child, "close");
		child.stdin.end();
		await ended;
		return JSON.parse(Buffer.concat(output).toString());
	};
}

const p95 = (values) => [...values].sort((a, b) => a - b)[Math.ceil(0.95 * values.length) - 1];

/** Milliseconds of n requests, one after the other. */
async function time(run, n, into) {
	for (let i = 0; i < n; i++) {
		const start = performance.now();
		await run();
		into.push(performance.now() - start);
	}
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Crawls and imports begin when they are asked for, and cannot be stopped: one round then. */
async function measure({
	attack,
	victim: open,
	connections = CONNECTIONS,
	requests: n = requests,
}) {
	const run = await open();
	const [quiet, attacked] = [[], []];
	const statuses = {};
	let plan;
	for (let round = 0; round < rounds; round++) {
		await time(run, n, quiet);
		plan = round === 0 ? await attack() : plan;
		const stop = plan.length > 0 && startAttack(plan, connections);
		await pause(1000);
		await time(run, n, attacked);
		for (const [status, k] of Object.entries(stop ? await stop() : {}))
			statuses[status] = (statuses[status] ?? 0) + k;
		if (!stop) break;
		await pause(1000);
	}
	return {
		quiet: p95(quiet),
		attacked: p95(attacked),
		ratio: p95(attacked) / p95(quiet),
		statuses,
	};
}

const widths = [-34, 10, 10, 7];
print(
	widths,
	"queue: what the victim waits for",
	"alone",
	"attacked",
	"ratio",
	" attacker's answers",
);
const figures = {};
for (const [name, queue] of Object.entries(queues)) {
	if (!name.includes(options.only)) continue;
	const one = await measure(queue).catch((error) => ({ error: error.message }));
	figures[name] = one;
	if (one.error !== undefined) {
		print(widths, name, "", "", "", ` ${one.error}`);
		continue;
	}
	const ms = (value) => `${value.toFixed(1)} ms`;
	const answers = Object.entries(one.statuses).map(([status, k]) => `${status}: ${k}`);
	const met = verdict(one.ratio <= GOAL, GOAL);
	print(
		widths,
		name,
		ms(one.quiet),
		ms(one.attacked),
		one.ratio.toFixed(2),
		` ${met}; ${answers.join(", ")}`,
	);
}
bench.write({ goal: GOAL, queues: figures });
process.exit(0);

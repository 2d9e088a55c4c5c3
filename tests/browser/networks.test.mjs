// The chat on bad ways to its server: proxies that refuse, ignore or cut WebSockets, that buffer, or that fall
// silent; and pages whose policy forbids the server.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, before, describe, it } from "node:test";
import { request } from "../e2e/client.mjs";
import { Daemon, ROOT } from "../e2e/daemon.mjs";
import { freePort, numbered, until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { exchange, HELLO, useSite } from "./site.mjs";
import { Way } from "./way.mjs";

/** make deps FOR=test brings it. */
const NGINX = join(ROOT, "build/tools/nginx");
const held = (words) => `[[tokens=20 hold-after=10]] ${words}`;

/** nginx as its documentation begins: buffers, and passes no upgrade on. */
const nginxConfig = (dir, port, behind) => `
	daemon off;
	${process.getuid() === 0 ? "user root;" : ""}
	pid ${dir}/pid;
	error_log stderr;
	events {}
	http {
		access_log off;
		${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((what) => `${what}_temp_path ${dir}/${what};`).join("\n")}
		server {
			listen 127.0.0.1:${port};
			location / { proxy_pass http://127.0.0.1:${behind}; }
		}
	}`;

describe("the chat on a bad way to its server", { skip: missing }, () => {
	const site = useSite();
	const { banter } = site;
	const closing = [];
	let widget;
	before(async () => {
		widget = await site.createWidget({});
	});
	afterEach(async () => {
		for (const close of closing.splice(0)) await close();
	});

	async function openWay(mode) {
		const way = await Way.open(banter.port);
		way.mode = mode;
		closing.push(() => way.close());
		return way;
	}

	/** Resolves to its address. */
	async function openNginx(behind) {
		const dir = mkdtempSync(join(tmpdir(), "banter-nginx-"));
		const port = await freePort();
		const config = join(dir, "nginx.conf");
		writeFileSync(config, nginxConfig(dir, port, behind));
		const daemon = new Daemon(NGINX, ["-c", config, "-e", "stderr"], {}, banter.log);
		daemon.start();
		closing.push(async () => {
			await daemon.stop();
			rmSync(dir, { recursive: true });
		});
		const url = `http://127.0.0.1:${port}`;
		await until("nginx answers", () => request(url, "GET", "/health").catch(() => null));
		return { url, port };
	}

	/** What the pages of a profile ask the chat for, one word each. */
	function askedOf(context) {
		const asked = [];
		const note = (url) => asked.push(/\/(ws|events|frames)\b/.exec(new URL(url).pathname)?.[1]);
		context.on("page", (page) => {
			page.on("websocket", (socket) => note(socket.url()));
			page.on("request", (one) => one.method() === "GET" && note(one.url()));
		});
		return () => asked.splice(0).filter((word) => word !== undefined);
	}

	async function visitBehind(server) {
		const context = await site.newContext();
		const asked = askedOf(context);
		const visitor = await site.visitWidget(widget.widget_id, context, { server });
		return { visitor, asked };
	}

	/**
	 * A reply comes while it is written, and the visit remembers the way. Resolves to what was asked for: on a
	 * slow machine a stream may be taken for one that is buffered.
	 */
	async function streams({ visitor, asked }, name) {
		const question = held(name);
		await visitor.begin(question, numbered(10));
		const ways = [...new Set(asked())];
		assert.deepEqual(ways.slice(0, 2), ["ws", "events"]);
		await banter.release(name);
		const said = exchange(question, numbered(20));
		await visitor.saidUntil(said);
		await visitor.page.reload();
		await visitor.saidUntil(said);
		await visitor.ask(...HELLO, said);
		assert.deepEqual([...new Set(asked())], ways.slice(-1));
		assert.equal(await banter.modelCalls(question), 1);
		return ways;
	}

	for (const mode of ["refuse", "ignore", "cut"])
		it(`streams by HTTP where a proxy would ${mode} WebSockets, and remembers that`, async () => {
			const way = await openWay(mode);
			await streams(await visitBehind(way.url), mode);
			assert.equal(way.sockets, 1);
		});

	it("streams behind an nginx with its defaults", async () => {
		const { url } = await openNginx(banter.port);
		await streams(await visitBehind(url), "one layer");
	});

	it("asks for what is new behind two of them, the outer of which buffers", async () => {
		const inner = await openNginx(banter.port);
		const { url } = await openNginx(inner.port);
		const ways = await streams(await visitBehind(url), "two layers");
		assert.equal(ways[2], "frames");
	});

	it("notices a silent network, says so, and sends what was written meanwhile once", async () => {
		const way = await openWay("open");
		const { visitor } = await visitBehind(way.url);
		await visitor.open();
		await visitor.ask(...HELLO);
		way.mode = "silent";
		const notice = visitor.chat.locator(".status").getByText(/connection|reach|offline/i);
		await notice.waitFor();
		await until("it is announced", async () => (await visitor.live.textContent()) !== "");
		const more = ['[[text="One"]] First', '[[text="Two"]] Second'];
		for (const text of more) {
			await visitor.box.fill(text);
			await visitor.box.press("Enter");
		}
		way.mode = "open";
		const all = [...exchange(...HELLO), ...exchange(more[0], "One"), ...exchange(more[1], "Two")];
		await visitor.saidUntil(all);
		await notice.waitFor({ state: "hidden" });
		for (const text of more) assert.equal(await banter.modelCalls(text), 1);
	});

	it("tells the owner once when the page's policy forbids the server, and asks no more", async () => {
		const page = { connects: "'none'", reports: "" };
		const visitor = await site.visitWidget(widget.widget_id, undefined, page);
		await until("the console has a line", () => visitor.hints.length > 0);
		await visitor.page.evaluate(() => {
			for (let i = 0; i < 5; i++) document.dispatchEvent(new Event("visibilitychange"));
		});
		await until("the violation is reported", () => site.reports > 0);
		assert.equal(visitor.hints.length, 1);
		assert.match(visitor.hints[0], /Content-Security-Policy|connect-src/);
		assert.ok(site.reports <= 2, `${site.reports} reports`);
	});
});

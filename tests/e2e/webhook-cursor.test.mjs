// Where a webhook stands: done deliveries behind its cursor do not stop it, Retry-After is obeyed, a cursor that
// stands still is reported everywhere, and `banter webhook` shows and moves it.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { until, useBanter } from "./harness.mjs";
import { ADMIN, bare, ORG, usePeer } from "./organizations.mjs";
import { Receiver } from "./receiver.mjs";
import { expectTool } from "./tool.mjs";

const ALLOW = { WEBHOOK_ALLOW: "127.0.0.0/8" };
const LEASE = "0192f000000070008000000000000001";
const DELIVERED = 1;
const DONE = 1200; // more than two queues

describe("a webhook", () => {
	const banter = useBanter({ workers: 1, env: ALLOW });
	const store = usePeer(banter);
	const receiver = new Receiver();
	const isComplete = ({ kind, change }) => kind === "reply" && change === "complete";
	const completed = () => receiver.events().filter(isComplete).length;
	let hook;

	const tool = async (...args) =>
		JSON.parse((await expectTool(banter, 0, "webhook", ...args, "--json")).stdout);
	const shown = async () => (await banter.get(`/v1/admin/webhooks/${hook.id}`, ADMIN)).json;

	before(async () => {
		await receiver.start();
		const body = JSON.stringify({ url: receiver.url, kinds: ["reply"] });
		const { json } = await banter.request("POST", "/v1/admin/webhooks", { headers: ADMIN, body });
		hook = json;
	});
	after(() => receiver.stop());

	it("goes on when more deliveries than its queue takes were done behind its cursor", async () => {
		const [{ cursor }] = await tool("list");
		await banter.masterd.stop();
		const lease = { lease: LEASE, leave: 0 };
		await until("the lease is free", async () => {
			const { granted } = await store.peer.ask("webhook_lease", lease, "webhook_leased");
			return granted === 1;
		});
		const deliveries = Array.from({ length: DONE }, (_, i) => ({
			v: 1,
			n: cursor + 1 + i,
			kind: 3,
			state: DELIVERED,
		}));
		const results = { lease: LEASE, org: bare(ORG), webhook: bare(hook.id), deliveries };
		await store.peer.ask(
			"webhook_results",
			{ ...results, updated_at: hook.updated_at, cursor },
			"ok",
		);
		await store.peer.ask("webhook_lease", { ...lease, leave: 1 }, "webhook_leased");
		banter.masterd.start();
		await banter.ready();
		await banter.chat("done", "[[tokens=1]] one");
		await until("the reply's end is delivered", () => completed() === 1);
	});

	it("gets nothing before the time of its Retry-After", async () => {
		const times = [];
		let refuses = true;
		receiver.headers = { "retry-after": "3.5" };
		receiver.answer = () => {
			times.push(performance.now());
			return refuses ? 429 : 200;
		};
		await banter.chat("busy", "[[tokens=1]] one");
		await until("a delivery is refused", () => times.length > 0);
		refuses = false;
		await banter.chat("other", "[[tokens=1]] one");
		await until("both ends are delivered", () => completed() === 3);
		// Deliveries that were on their way at the first refusal do not count.
		const first = times.find((time) => time - times[0] > 1500);
		assert.ok(first - times[0] >= 3490, `asked again after ${first - times[0]} ms`);
	});

	it("whose events wait for a minute is reported until they are delivered", async () => {
		receiver.headers = {};
		receiver.answer = () => 500;
		for (let i = 0; i < 8; i++) await banter.chat(`waits-${i}`, "[[tokens=1]] one");
		const standing = () => banter.metric("webhooks_standing");
		await until("the metric counts it", async () => (await standing()) === 1, 150_000);
		await until("its owner reads it", async () => (await shown()).notice_code === "stands");
		const { notice } = await shown();
		const [listed] = await tool("list");
		assert.equal(listed.notice, notice);
		const { stdout } = await expectTool(banter, 0, "status");
		assert.match(stdout, /^webhooks {4}1 of 1 have a notice/m);
		const { deliveries } = await tool("show", hook.id);
		assert.ok(deliveries.some(({ state, error }) => state === "pending" && error === "status 500"));
		assert.ok(banter.log.lines.some(({ ev }) => ev === "webhook_stands"));
		receiver.answer = () => 200;
		await until("all ends are delivered", () => completed() === 11);
		await until("the notice is gone", async () => (await shown()).notice === null);
		assert.equal(await standing(), 0);
	});

	it("gets its events again when its cursor is moved back, and none when it is moved on", async () => {
		receiver.deliveries.length = 0;
		await expectTool(banter, 64, "webhook", "cursor", hook.id);
		await expectTool(banter, 64, "webhook", "cursor", hook.id, "--to", "yesterday");
		await expectTool(banter, 64, "webhook", "cursor", "1", "--to", "newest");
		await expectTool(banter, 64, "webhook", "show");
		await expectTool(banter, 65, "webhook", "cursor", hook.id, "--to", "7");
		const moved = await tool("cursor", hook.id, "--to", "oldest");
		assert.ok(moved.to < moved.from);
		await until("all ends are delivered again", () => completed() === 11);
		await tool("cursor", hook.id, "--to", "newest");
		receiver.deliveries.length = 0;
		await banter.chat("moved", "[[tokens=1]] one");
		await until("the next end is delivered", () => completed() === 1);
	});
});

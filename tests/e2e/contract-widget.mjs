// The contract of a widget's public API: its configuration, its WebSocket, and all frames.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { useBanter, withBanter } from "./harness.mjs";
import { configPath, makeWidget, Visitor } from "./visitors.mjs";

const FOREIGN = { origin: "https://evil.example" };
const UPGRADE = { connection: "Upgrade", upgrade: "websocket" };
const HANDSHAKE = {
	...UPGRADE,
	"sec-websocket-version": "13",
	"sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
};

const socketPath = ({ widget_id }) => `/api/widget/${widget_id}/ws`;
const NOBODY = { widget_id: "wid_0000000000000000000000" };

/** The requests that need the store. */
export const WIDGET_REQUESTS = [configPath, socketPath].map((path) => [path(NOBODY), HANDSHAKE]);

/** Checks each frame that a visitor sends or receives. Returns the set of received types. */
function checkFrames(contract, visitor) {
	const seen = new Set();
	visitor.ws.on("message", (data) => {
		const frame = JSON.parse(data.toString());
		contract.checkValue("WidgetSays", frame);
		seen.add(frame.type);
	});
	const { send } = visitor;
	visitor.send = (frame) => {
		contract.checkValue("VisitorSays", frame);
		send.call(visitor, frame);
	};
	return seen;
}

/** drive(banter, status, method, path, options) sends a request and checks the response. */
export function describeWidget(contract, drive) {
	describe("a widget, for anybody", () => {
		const banter = useBanter({ workers: 2 });

		it("its configuration, and refusals before the upgrade", async () => {
			const plain = await makeWidget(banter);
			const only = { allowed_origins: ["https://shop.example"], name: "Shop" };
			const shop = await makeWidget(banter, only);
			const get = (status, path, headers) => drive(banter, status, "GET", path, { headers });
			for (const widget of [plain, shop]) await get(200, configPath(widget));
			await get(404, configPath(NOBODY));
			await get(403, configPath(shop), FOREIGN);
			await get(400, socketPath(plain), { ...UPGRADE, "sec-websocket-version": "13" });
			await get(403, socketPath(shop), { ...HANDSHAKE, ...FOREIGN });
			await get(404, socketPath(NOBODY), HANDSHAKE);
			await get(426, socketPath(plain));
			await get(426, socketPath(plain), { ...HANDSHAKE, "sec-websocket-version": "8" });
		});

		it("its WebSocket, and all frames", async () => {
			const widget = await makeWidget(banter, {
				contact_info_mode: "optional",
				collect_email: true,
			});
			const one = new Visitor(banter, widget, { stream: true });
			const seen = checkFrames(contract, one);
			const answer = await new Promise((done) => one.ws.on("upgrade", done));
			assert.equal(answer.statusCode, 101);
			const { headers } = answer;
			contract.check("GET", socketPath(widget), { status: 101, headers, bytes: Buffer.alloc(0) });
			one.token = (await one.next()).session_token;
			one.say("[[tokens=3]]", "x");
			await one.upTo("typing_stop");
			one.say("other", "x");
			await one.upTo("error");
			await one.introduce({ email: "nobody" });
			await one.introduce({ email: "ann@example.com", name: null });
			one.say("[[tokens=2 hang-after=1]]");
			await one.upTo("token");
			one.send({ type: "stop" });
			await one.upTo("typing_stop");
			const two = new Visitor(banter, widget, { stream: true, token: one.token });
			const seenByTwo = checkFrames(contract, two);
			await two.upTo("history");
			one.say("[[tokens=1]]");
			await two.upTo("typing_stop");
			const types = ["contact_info_saved", "error", "history", "message", "session", "token"];
			assert.deepEqual([...new Set([...seen, ...seenByTwo])].sort(), [
				...types,
				"typing_start",
				"typing_stop",
			]);
		});

		it("429 over the rate limit", async () => {
			const env = { RATE_LIMIT_MAX_REQUESTS: "1", RATE_LIMIT_WINDOW_MS: "86400000" };
			await withBanter({ env, workers: 1 }, async (strict) => {
				for (let i = 0; i < 10; i++) await drive(strict, 426, "GET", socketPath(NOBODY));
				for (const path of [configPath, socketPath]) await drive(strict, 429, "GET", path(NOBODY));
			});
		});
	});
}

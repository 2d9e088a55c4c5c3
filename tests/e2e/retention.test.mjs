// Conversations are erased some days after their last activity. tests/unit/storaged/retention has the rules.

import assert from "node:assert/strict";
import { it } from "node:test";
import { assertError } from "./client.mjs";
import { ADMIN_KEY, withBanter } from "./harness.mjs";
import { adminExpect } from "./organizations.mjs";
import { expectTool, feedTool, makeExport, parseLines, toLines, WIDGET } from "./tool.mjs";

const KEY = { "x-admin-api-key": ADMIN_KEY };

/** Stores a conversation with this text, whose last activity is so many days ago; resolves to its path. */
async function importOld(banter, days, text) {
	const at = Date.now() - days * 24 * 3600 * 1000;
	const lines = parseLines(makeExport(1, text)).map((line) =>
		line.kind === "conversation" ? { ...line, created_at: at, updated_at: at } : line,
	);
	await feedTool(banter, toLines(lines), 0, "import", "-");
	return `/v1/admin/conversations/${lines[1].id}`;
}

/** Waits until a pass at the start of storaged has erased one conversation. */
async function expectPassErasesOne(banter) {
	const position = banter.log.lines.length;
	await banter.stopStore();
	banter.startStore();
	await banter.ready();
	const erased = ({ ev }) => ev === "retention_erased";
	const line = await banter.log.waitFor("conversations were erased", erased, position);
	assert.equal(line.conversations, "1");
}

it("RETENTION_DAYS and a widget's retention_days erase conversations after their last activity", () =>
	withBanter({ workers: 1, env: { RETENTION_DAYS: "30" } }, async (banter) => {
		const assertGone = async (path) =>
			assertError(await banter.get(path, KEY), 404, "Conversation not found");
		const assertKept = async (path) => assert.equal((await banter.get(path, KEY)).status, 200);
		const old = await importOld(banter, 31, "an old reply");
		const newer = await importOld(banter, 29, "a newer reply");
		const { conversationId } = (await banter.chat("now", "hello")).json;
		await expectPassErasesOne(banter);
		await assertGone(old);
		await assertKept(newer);
		await adminExpect(banter, 200, "PUT", `widgets/${WIDGET}`, { retention_days: 28 });
		await expectPassErasesOne(banter);
		await assertGone(newer);
		await assertKept(`/v1/admin/conversations/${conversationId}`);
		const text = (await expectTool(banter, 0, "export")).stdout;
		assert.ok(!/an old reply|a newer reply/.test(text));
		await expectTool(banter, 0, "verify");
		const { stdout } = await expectTool(banter, 0, "status");
		assert.match(
			stdout,
			/^retention {3}RETENTION_DAYS is 30; 1 conversation erased since the start$/m,
		);
	}));

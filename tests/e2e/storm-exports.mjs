// An actor of the storm: exports, and checks of the store, while everything else goes on. One that says that it is complete has all that was
// acknowledged before it began, and as many messages of each conversation as that counts.

import assert from "node:assert/strict";
import { Random } from "../faults/random.mjs";
import { pause } from "./storm.mjs";
import { parseLines, runTool } from "./tool.mjs";

export class Exported {
	complete = 0;
	refused = 0;
	verified = 0;

	/** acknowledged() returns the ids of messages that nobody erases. */
	constructor(banter, acknowledged) {
		Object.assign(this, { banter, acknowledged, random: new Random("exports") });
	}

	async export() {
		const before = this.acknowledged();
		const { status, stdout, stderr } = await runTool(this.banter, "export");
		if (status !== 0) {
			assert.notEqual(stderr, "", `status ${status}`);
			this.refused++;
			return;
		}
		assertComplete(parseLines(stdout), before);
		this.complete++;
	}

	/** The invariants hold at any time, also behind a kill. */
	async verify() {
		const { status, stdout, stderr } = await runTool(this.banter, "verify");
		assert.equal(status, 0, `banter verify: ${stdout}${stderr}`);
		this.verified++;
	}

	async run(isOver) {
		while (!isOver()) {
			await this.export();
			await this.verify();
			await pause(this.random.below(2000));
		}
	}

	async check() {}
}

export function assertComplete(lines, acknowledged) {
	assert.equal(lines.at(-1).kind, "end");
	const counts = new Map();
	const ids = new Set();
	for (const { kind, conversation, id } of lines) {
		if (kind !== "message") continue;
		counts.set(conversation, (counts.get(conversation) ?? 0) + 1);
		assert.ok(!ids.has(id), `${id} is there once`);
		ids.add(id);
	}
	for (const { kind, id, messages } of lines)
		if (kind === "conversation") assert.equal(counts.get(id) ?? 0, messages, id);
	const lost = acknowledged.filter((id) => !ids.has(id));
	assert.deepEqual(lost, [], "the export has what was acknowledged");
}

// make bench-import: how fast `banter import --from` reads and stores another chat's export, with storaged on the disk of
// the build: each batch is synced. The target is 100,000 messages a minute.

import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { parseArgs } from "node:util";
import { baseEnvironment } from "../e2e/daemon.mjs";
import { Bench, fail, print, verdict } from "./bench.mjs";

const { values: options } = parseArgs({
	options: {
		conversations: { type: "string", default: "10000" },
		/** Of each conversation, half of them by the visitor. */
		messages: { type: "string", default: "10" },
	},
});
const conversations = Number(options.conversations);
const each = Number(options.messages);
const TARGET = 100_000;
const WIDTHS = [-10, -8, 10, 9, 10, 0];
const AT = 1_706_695_200;
const WORDS = "parcel refund invoice login password colour size delivery address voucher".split(
	" ",
);

const text = (n) => Array.from({ length: 20 }, (_, i) => WORDS[(n * 7 + i * 3) % 10]).join(" ");

function intercom(id) {
	const author = (i) =>
		i % 2 === 0
			? {
					type: "user",
					id: `u${id % 3000}`,
					name: `Visitor ${id}`,
					email: `v${id % 3000}@example.com`,
				}
			: { type: i % 4 === 1 ? "bot" : "admin", id: "7", name: "Bob" };
	const part = (i) => ({
		type: "conversation_part",
		id: String(id * 1000 + i),
		part_type: "comment",
		body: `<p>${text(id + i)}</p>`,
		created_at: AT + id + i,
		author: author(i),
	});
	return {
		type: "conversation",
		id: String(id),
		created_at: AT + id,
		state: id % 2 === 0 ? "open" : "closed",
		source: { body: `<p>${text(id)}</p>`, author: author(0) },
		tags: { tags: [{ name: `tag ${id % 20}` }] },
		conversation_parts: {
			conversation_parts: Array.from({ length: each - 1 }, (_, i) => part(i + 1)),
		},
	};
}

/** Messages and conversations apart, the messages of all conversations mixed. */
function* chatwoot() {
	for (let i = 0; i < each; i++)
		for (let id = 1; id <= conversations; id++)
			yield {
				id: i * conversations + id,
				content: text(id + i),
				message_type: i % 2,
				private: false,
				created_at: AT + id + i,
				conversation_id: id,
				sender:
					i % 2 === 0
						? { id: id % 3000, name: `Visitor ${id}`, type: "contact" }
						: { id: 3, name: "Bob", type: "user" },
			};
	for (let id = 1; id <= conversations; id++)
		yield {
			id,
			inbox_id: 1,
			status: "resolved",
			labels: [`tag ${id % 20}`],
			created_at: AT + id,
			last_activity_at: AT + id,
			meta: { sender: { id: id % 3000, email: `w${id % 3000}@example.com` } },
		};
}

async function write(path, objects) {
	const out = createWriteStream(path);
	for (const one of objects) if (!out.write(`${JSON.stringify(one)}\n`)) await once(out, "drain");
	out.end();
	await once(out, "close");
}

const bench = new Bench("import", 600);
const { dir } = await bench.startStore();
const files = { intercom: `${bench.dir}/intercom.jsonl`, chatwoot: `${bench.dir}/chatwoot.jsonl` };
await write(
	files.intercom,
	(function* () {
		for (let id = 1; id <= conversations; id++) yield intercom(id);
	})(),
);
await write(files.chatwoot, chatwoot());

function run(from, ...args) {
	const env = { ...baseEnvironment(), DATA_DIR: dir };
	const began = performance.now();
	const all = ["import", "--from", from, "--json", ...args, files[from]];
	const { status, stdout, stderr } = spawnSync("build/banter", all, { env, encoding: "utf8" });
	if (status !== 0) fail(`banter import: ${stdout}${stderr}`);
	const { added, there } = JSON.parse(stdout);
	return { added, there, seconds: (performance.now() - began) / 1000 };
}

print(WIDTHS, "chat", "run", "messages", "seconds", "a minute", "");
for (const from of ["intercom", "chatwoot"])
	for (const [name, args] of [
		["dry run", ["--dry-run"]],
		["import", []],
		["again", []],
	]) {
		const { added, there, seconds } = run(from, ...args);
		const messages = added.messages + there.messages;
		const rate = (messages / seconds) * 60;
		if (messages !== conversations * each) fail(`${messages} messages`);
		const met = verdict(rate >= TARGET, `${TARGET} a minute`);
		print(WIDTHS, from, name, messages, seconds.toFixed(1), rate.toFixed(0), ` ${met}`);
	}
process.exit();

// An installed banter behind a load balancer that announces its clients by the PROXY protocol: PROXY_LISTEN, and the
// socket unit of systemd/README.md.

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { codeBlocks, read } from "../documents.mjs";
import { RawConnection } from "../e2e/client.mjs";
import { ROOT } from "../e2e/daemon.mjs";
import { Machine, until, whyNot } from "./machine.mjs";

const TEMPLATE = join(ROOT, "build/install/root");
const PACKAGES = join(ROOT, "build/deb");
const PORT = 4001; // of the page
const OTHER_PORT = 4002;

const reason = whyNot() ?? (existsSync(TEMPLATE) ? undefined : "no mirror had a Debian to boot");

/** The commands of systemd/README.md that this file tests. */
function documented() {
	const [block] = codeBlocks(read("systemd/README.md")).filter(
		({ marker }) => marker?.detail === "tests/install/load-balancer.test.mjs",
	);
	return block.text;
}

describe("an installed banter behind a load balancer", { skip: reason ?? false }, () => {
	const machine = reason ? undefined : new Machine(TEMPLATE);

	before(async () => {
		const version = process.env.BANTER_VERSION ?? "";
		const name = readdirSync(PACKAGES).find(
			(one) => one.startsWith(`banter_${version}`) && one.endsWith(".deb"),
		);
		machine.put(join(PACKAGES, name), "/root/banter.deb");
		await machine.boot();
		await machine.do("apt-get install -y -o Dpkg::Use-Pty=0 /root/banter.deb 2>&1");
		await machine.do("echo key >/etc/banter/credentials/OPENAI_API_KEY");
		await set("CORS_ORIGIN=https://shop.example");
		await machine.do("systemctl restart banter.target");
	});
	after(() => machine.end());

	const set = (line) => machine.do(`echo ${line} >>/etc/banter/banter.env`);

	/** Sends a request for an announced client, waits for its reply, and finds it in the journal. */
	async function arrives(port, client) {
		const answer = await until(`port ${port} answers`, async () => {
			const raw = await RawConnection.connect(port).catch(() => null);
			if (raw === null) return false;
			await raw.write(`PROXY TCP4 ${client} 192.0.2.1 1 443\r\n`);
			await raw.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
			const one = await raw.response().catch(() => null);
			raw.close();
			return one;
		});
		assert.deepEqual(answer.json, { status: "ok" });
		await until("its line is in the journal", async () => {
			const lines = await machine.do("journalctl --sync; journalctl -o cat -u banter.service");
			return lines.includes(`client=${client} `);
		});
	}

	it("opens PROXY_LISTEN beside the sockets of systemd", async () => {
		await set(`PROXY_LISTEN=127.0.0.1:${OTHER_PORT}`);
		await machine.do("systemctl restart banter.service");
		await arrives(OTHER_PORT, "203.0.113.7");
		assert.match(await machine.do("banter status"), /^ +127\.0\.0\.1:4002 \(PROXY protocol\)$/m);
	});

	it("takes a socket unit named proxy, whose port stays open during a restart", async () => {
		await machine.do(documented());
		await arrives(PORT, "203.0.113.8");
		await machine.do("systemctl stop banter.service");
		const early = await RawConnection.connect(PORT);
		await early.write("PROXY TCP4 203.0.113.9 192.0.2.1 1 443\r\n");
		await early.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
		assert.deepEqual((await early.response()).json, { status: "ok" });
		early.close();
		assert.equal(await machine.do("systemctl --failed --plain --no-legend"), "");
	});
});

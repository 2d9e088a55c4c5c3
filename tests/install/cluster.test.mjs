// The units of a machine of several (systemd/cluster) on a booted Debian, while HAProxy's checks connect to a storaged
// that ends at once.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ROOT } from "../e2e/daemon.mjs";
import { COMMAND_MS, Machine, until, whyNot } from "./machine.mjs";

const TEMPLATE = join(ROOT, "build/install/root");
const BUILT = join(ROOT, "build/deb");
/** systemd's limit of starts by a socket, in the unit of a single machine. */
const STARTS_MAX = 10;
const CONNECT = `perl -MIO::Socket::UNIX -e 'for (;;) { IO::Socket::UNIX->new(Peer => "/run/banter/store.sock"); select undef, undef, undef, 0.1 }'`;

const reason = whyNot() ?? (existsSync(TEMPLATE) ? undefined : "no mirror had a Debian to boot");

describe("a machine of several", { skip: reason ?? false }, () => {
	const machine = reason ? undefined : new Machine(TEMPLATE);

	before(async () => {
		const name = readdirSync(BUILT).find((one) => /^banter_.*\.deb$/.test(one));
		machine.put(join(BUILT, name), "/root/banter.deb");
		await machine.boot();
		await machine.do("apt-get install -y -o Dpkg::Use-Pty=0 /root/banter.deb 2>&1");
	});
	after(() => machine.end());

	/** Installs a file of systemd/cluster, as `configure` does. */
	const put = (name, to) =>
		machine.do(`mkdir -p ${dirname(to)} && cat >${to}`, {
			input: readFileSync(join(ROOT, "systemd/cluster", name), "utf8").replaceAll("@NAME@", "a"),
		});
	const seconds = async () => Number((await machine.do("cat /proc/uptime")).split(" ")[0]);

	it("starts a storaged that ends at once every second, and keeps its socket", async () => {
		const units = "/etc/systemd/system";
		await put("banter-storaged.conf", `${units}/banter-storaged.service.d/cluster.conf`);
		await put("banter-searchd.conf", `${units}/banter-searchd.service.d/cluster.conf`);
		await put("banter-storaged.socket.conf", `${units}/banter-storaged.socket.d/cluster.conf`);
		await machine.do("useradd --system haproxy"); // as its package does; the units name it
		await machine.do("cat >/etc/banter/credentials/STORE_LOG", { input: "host=127.0.0.1\n" });
		await machine.do("systemctl stop banter.target banter-storaged.service banter-storaged.socket");
		const since = await seconds();
		await machine.do("systemctl daemon-reload; systemctl start banter-storaged.socket");
		await machine.do(`systemd-run --quiet --unit=checks ${CONNECT}`);
		const starts = async () => {
			const log = await machine.do("journalctl --sync; journalctl -o cat -u banter-storaged");
			return log.match(/ev=store_log_invalid/g)?.length ?? 0;
		};
		await until(
			"more starts than systemd allows by a socket",
			async () => (await starts()) > STARTS_MAX,
			COMMAND_MS,
		);
		const n = await starts();
		const passed = (await seconds()) - since;
		assert.ok(n <= passed + 1, `${n} starts in ${passed} s`);
		assert.equal(await machine.property("banter-storaged.socket", "ActiveState"), "active");
		await machine.do("systemctl stop checks");
	});
});

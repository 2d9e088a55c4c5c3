// The package on a minimal Debian: installed by apt, booted with systemd, used, damaged, upgraded,
// removed. Each test continues where the previous one ended; after one that fails, the rest is skipped.
// `make test-install` builds what is needed.

import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Authority } from "../e2e/certs.mjs";
import { openStream, request, textOf, tlsOptions } from "../e2e/client.mjs";
import { ROOT } from "../e2e/daemon.mjs";
import { exchanged, said, Visitor } from "../e2e/visitors.mjs";
import { hello } from "../faults/peer.mjs";
import { TABLE } from "../faults/table.mjs";
import { encode } from "../faults/wire.mjs";
import { Crowd } from "./crowd.mjs";
import { Guests } from "./guests.mjs";
import { Machine, until, whyNot } from "./machine.mjs";

const TEMPLATE = join(ROOT, "build/install/root");
const VERSION = process.env.BANTER_VERSION;
const NEWER = process.env.BANTER_NEWER_VERSION;
const PACKAGES = { [VERSION]: "build/deb", [NEWER]: "build/install/newer" };
const URL = "http://127.0.0.1:4000";
const MODEL = "http://127.0.0.1:8090";
const MODEL_KEY = "key-of-the-stand-in-model";
const SITE = "https://shop.example";
const STOP_STORE = "systemctl stop banter-storaged.service banter-storaged.socket";
const OWNER = { email: "owner@shop.example", password: "the owner's first password" };
/** What the probe asks each daemon as each kind of peer: a name, a socket, the request, the answer's number. */
function probeMessages() {
	const ask = (name, socket, role, request, answer) => {
		const bytes = Buffer.concat([hello(role), encode(request, {}, 1)]).toString("hex");
		return [name, `/run/banter/${socket}.sock`, bytes, TABLE[answer].number].join("\t");
	};
	const lines = Object.entries({
		worker: "WORKER",
		tool: "TOOL",
		searchd: "SEARCH",
		crawld: "CRAWL",
		maild: "MAIL",
	}).map(([name, role]) => [
		ask(`store as ${name}`, "store", role, "ping", "pong"),
		ask(`search as ${name}`, "search", role, "search_status_get", "search_status"),
	]);
	return lines.flat().join("\n");
}

const STREAMS = 200;
const SOCKETS = 50;

const reason = whyNot() ?? (existsSync(TEMPLATE) ? undefined : "no mirror had a Debian to boot");

describe("banter on a minimal Debian", { skip: reason ?? false }, () => {
	const machine = reason ? undefined : new Machine(TEMPLATE);
	const keys = {};
	let widget;
	let token; // of a visitor of the widget

	before(async () => {
		for (const [version, path] of Object.entries(PACKAGES)) {
			const dir = join(ROOT, path);
			const name = readdirSync(dir).find(
				(one) => one.startsWith(`banter_${version}_`) && one.endsWith(".deb"),
			);
			assert.ok(name, `no package of ${version}`);
			machine.put(join(dir, name), `/root/banter_${version}.deb`);
		}
		machine.put(join(ROOT, "build/openai-stub"), "/usr/local/bin/openai-stub");
		machine.put(join(ROOT, "tests/install/probe.pl"), "/root/probe.pl");
		writeFileSync(join(machine.root, "root/probe.messages"), probeMessages());
		await machine.boot();
	});
	after(() => machine.end());

	let failed; // the name of the first step that failed
	/** A test. The steps after one that fails are skipped: they would fail as well, or do harm. */
	const step = (name, run) =>
		it(name, async (t) => {
			if (failed) return t.skip(`not run, because this failed: ${failed}`);
			failed = name;
			try {
				await run();
			} catch (error) {
				console.error(await machine.report());
				throw error;
			}
			failed = undefined;
		});

	const install = (version) =>
		machine.do(
			`apt-get install -y --allow-downgrades -o Dpkg::Use-Pty=0 /root/banter_${version}.deb 2>&1`,
		);
	const key = async (name) => (await machine.do(`cat /etc/banter/credentials/${name}`)).trim();
	const active = (unit) => machine.property(unit, "ActiveState");
	const pid = async (unit) => Number(await machine.property(unit, "MainPID"));
	/** A unit's journal up to now. */
	const journal = (unit) =>
		machine.do(`journalctl --sync; journalctl --no-pager -o cat -u ${unit}`);
	const ask = (method, path, options) => request(URL, method, path, options);
	const startModel = () =>
		machine.do(
			`systemd-run --quiet --unit=model /usr/local/bin/openai-stub --port 8090 --key ${MODEL_KEY}`,
		);
	const logIn = (body) => ask("POST", "/api/login", { body });
	const chat = (sessionId, message, path = "/v1/chat") =>
		ask("POST", path, { headers: { "x-api-key": keys.widget }, body: { sessionId, message } });
	const stream = (sessionId, message) =>
		openStream(URL, "/v1/chat/stream", { "x-api-key": keys.widget }, { sessionId, message });
	/** Waits until a request succeeds. */
	const succeeds = (what, send) =>
		until(`${what} succeeds`, async () => (await send().catch(() => null))?.status === 200);
	const ready = () => succeeds("GET /health/ready", () => ask("GET", "/health/ready"));
	const noUnitFailed = async () =>
		assert.equal(await machine.do("systemctl --failed --plain --no-legend"), "");
	/** Overrides settings of a unit until the next call without them. */
	const override = (unit, text) => {
		const dir = `/etc/systemd/system/${unit}.d`;
		const write = text ? `mkdir ${dir} && printf '${text}' >${dir}/test.conf` : `rm -r ${dir}`;
		return machine.do(`${write} && systemctl daemon-reload`);
	};
	/** Makes a package of this version with a changed file of its control information. */
	const changePackage = (version, file, edit) =>
		machine.do(`rm -rf /root/deb && dpkg-deb -R /root/banter_${version}.deb /root/deb &&
			sed -i '${edit}' /root/deb/DEBIAN/${file} && dpkg-deb -b /root/deb /root/other.deb`);
	/** Asserts that the visitor's message is stored. */
	const comesBack = async () => {
		const visitor = await Visitor.open({ url: URL }, widget, { token, headers: { origin: SITE } });
		const { messages } = await visitor.next();
		assert.deepEqual(said(messages), exchanged("are you open?"));
		await visitor.close();
	};
	/** Visitors of both kinds, who are all served during an operation. */
	const gather = async () => {
		const all = await Promise.all([
			Crowd.gather(stream, ask, MODEL, STREAMS),
			Guests.gather({ url: URL }, widget, MODEL, SOCKETS),
		]);
		return { part: () => Promise.all(all.map((some) => some.part())) };
	};
	const conversations = async () => {
		const headers = { "x-admin-api-key": keys.admin };
		return (await ask("GET", "/v1/admin/conversations?limit=200", { headers })).json;
	};

	step("installs: the store runs, keys exist, and masterd waits for banter setup", async () => {
		const said = await install(VERSION);
		assert.match(said, /Run 'banter setup' to continue/);
		assert.equal(await active("banter.target"), "active");
		assert.equal(await active("banter-storaged.service"), "active");
		assert.equal(await active("banter.socket"), "inactive");
		assert.equal(await active("banter.service"), "inactive");
		assert.equal(await active("banter-backup.timer"), "active");
		await noUnitFailed();
		const { status, stdout } = await machine.run("banter status");
		assert.equal(status, 69);
		assert.match(stdout, /^keys +in \/etc\/banter\/credentials/m);
		assert.match(stdout, /^masterd +waiting\n +to do: run banter setup/m);
		for (const name of ["WIDGET_API_KEY", "ADMIN_API_KEY", "DASHBOARD_PASSWORD"])
			assert.match(await key(name), /^[A-Za-z0-9_-]{43}$/);
	});

	step("has man pages of its own names, completion, and notices", async () => {
		const files = (await machine.do("dpkg -L banter")).split("\n");
		const named = (pattern) => files.filter((path) => pattern.test(path)).sort();
		const pages = named(/\/man\/.*\.gz$/).map((path) => path.replace(/.*\/(.*)\.gz/, "$1"));
		const names = ["crawld", "maild", "masterd", "searchd", "storaged", "workerd"];
		const daemons = names.map((name) => `banter-${name}.8`);
		assert.deepEqual(pages.sort(), [...daemons, "banter.1", "banter.env.5"]);
		assert.equal(named(/\/banter\/systemd\/NOTICES\.md$/).length, 1);
		const [completion] = named(/bash-completion\/completions\/banter$/);
		const loaded = await machine.do(`bash -c '. ${completion}; complete -p banter'`);
		assert.match(loaded, /_banter banter/);
		assert.match(await machine.do("dpkg -s banter"), /^Homepage: https:/m);
	});

	step("banter setup asks again, checks the model and adds the first user", async () => {
		await startModel();
		await until("the model listens", async () => {
			return (await machine.run("journalctl -u model -o cat")).stdout.includes("listening on");
		});
		// By a name, so that the workers' sandbox must allow name resolution.
		await machine.do("echo 127.0.0.1 model.example >>/etc/hosts");
		const user = Object.values(OWNER);
		const answers = [
			MODEL_KEY,
			"model",
			"http://model.example:8090/v1",
			"*",
			SITE,
			"", // the model that is the default
			...user,
			"0",
			"2000000000",
			"maybe",
			"yes",
		];
		const said = await machine.do("banter setup", { input: `${answers.join("\n")}\n` });
		assert.match(said, /^The model gpt-4\.1-mini at .* answers\.$/m);
		assert.match(said, /^added owner@shop\.example, an owner$/m);
		assert.match(said, /^set a budget of 2000000000 tokens a day$/m);
		assert.match(said, /^banter answers at http:\/\/127\.0\.0\.1:4000\.$/m);
		// Many visitors with one address, and replies that may be held for long on a busy machine.
		await machine.do(`cat >>/etc/banter/banter.env <<-END
			RATE_LIMIT_MAX_REQUESTS=1000000
			READY_CRASHES=0
			OPENAI_IDLE_TIMEOUT_MS=280000
			DRAIN_TIMEOUT_MS=50000
			END`);
		await machine.do("systemctl restart banter.target");
		assert.match(await machine.do("banter setup --check"), /answers at http:\/\/\[::1\]:4000\.$/m);
		keys.widget = await key("WIDGET_API_KEY");
		keys.admin = await key("ADMIN_API_KEY");
		keys.password = await key("DASHBOARD_PASSWORD");
		await ready();
		assert.match(await machine.do("banter status"), /^banter .*: everything runs$/m);
	});

	step("needrestart gives an updated libcurl to new workers, and masterd goes on", async () => {
		const master = await machine.property("banter.service", "MainPID");
		const old = async () => /^libraries.*/m.exec(await machine.do("banter status"))?.[0];
		assert.equal(await old(), undefined);
		await machine.do(`lib=$(readlink -f /usr/lib/*/libcurl.so.4)
			cp -p $lib $lib.new && mv $lib.new $lib`);
		assert.match(await old(), /libcurl\.so\.\S+: an update has replaced/);
		await machine.do(`/etc/needrestart/restart.d/banter.service
			systemctl restart banter-crawld banter-maild`);
		await until("no process has the old file", async () => (await old()) === undefined);
		assert.equal(await machine.property("banter.service", "MainPID"), master);
		await ready();
	});

	step("has all units active with a status text", async () => {
		const units = ["storaged", "searchd", "masterd"].flatMap((name) => [`${name}.socket`, name]);
		units.push("crawld", "maild");
		for (const unit of units) assert.equal(await active(`banter-${unit}`), "active", unit);
		await until("all workers are ready", async () =>
			/^(\d+) of \1 workers ready$/.test(await machine.property("banter", "StatusText")),
		);
		await until("the store tells of its workers", async () =>
			/^connected: [1-9]/.test(await machine.property("banter-storaged", "StatusText")),
		);
		for (const unit of ["banter", "banter-storaged"])
			assert.match(await machine.property(unit, "MemoryMax"), /^\d+$/, unit);
	});

	step("reads sites with processor time that nothing else needs", async () => {
		// The spawner's children inherit it.
		const policies = await machine.do("ps -o cls= -u banter-crawl");
		assert.match(policies, /^(IDL\s*){2,}$/);
		assert.equal((await machine.do(`ps -o cls= -p ${await pid("banter-storaged")}`)).trim(), "TS");
	});

	step("runs as five users that share only the sockets' group", async () => {
		const groups = async (unit) => {
			const status = await machine.do(`cat /proc/${await pid(unit)}/status`);
			return ["Uid", "Gid", "Groups", "CapEff", "NoNewPrivs", "Seccomp"].map((name) =>
				new RegExp(`^${name}:\\s*(.*?)\\s*$`, "m").exec(status)[1].split(/\s+/),
			);
		};
		const id = async (what, name) => (await machine.do(`getent ${what} ${name}`)).split(":")[2];
		const store = await id("passwd", "banter-store");
		const front = await id("passwd", "banter-front");
		const shared = await id("group", "banter");
		const search = await id("passwd", "banter-search");
		const crawl = await id("passwd", "banter-crawl");
		const mail = await id("passwd", "banter-mail");
		assert.equal(new Set([store, front, search, crawl, mail]).size, 5);
		const [storeUid, , storeGroups, ...storeRest] = await groups("banter-storaged");
		const [frontUid, , frontGroups, ...frontRest] = await groups("banter");
		const [searchUid, , searchGroups, ...searchRest] = await groups("banter-searchd");
		const [crawlUid, , crawlGroups, ...crawlRest] = await groups("banter-crawld");
		const [mailUid, , mailGroups, ...mailRest] = await groups("banter-maild");
		const uids = [storeUid, frontUid, searchUid, crawlUid, mailUid].map(([uid]) => uid);
		assert.deepEqual(uids, [store, front, search, crawl, mail]);
		assert.ok(searchGroups.includes(shared));
		assert.ok(crawlGroups.includes(shared));
		assert.ok(mailGroups.includes(shared));
		assert.ok(!storeGroups.includes(shared));
		assert.ok(frontGroups.includes(shared));
		for (const rest of [storeRest, frontRest, searchRest, crawlRest, mailRest])
			assert.deepEqual(rest.flat(), ["0000000000000000", "1", "2"]);
		assert.equal(
			(await machine.do("stat -c '%U %G %a' /run/banter/store.sock /var/lib/banter")).trim(),
			"banter-store banter 660\nbanter-store banter-store 700",
		);
	});

	step("tells an unprivileged user who may administer the store", async () => {
		for (const command of ["status", "user list", "verify", "export", "backup /tmp/b", "setup"]) {
			const { status, stderr } = await machine.run(`su -s /bin/sh nobody -c 'banter ${command}'`);
			assert.equal(status, 77, `${command}: ${stderr}`);
			const help = /run the command as (root or as its owner|the user of storaged, or as root)/;
			assert.match(stderr, new RegExp(`Permission denied; ${help.source}`));
		}
		const help = await machine.do("banter verify --help");
		assert.match(help, /The default directory is .* or \/var\/lib\/banter\./);
	});

	step("passes smoke tests, and refuses a missing key and another site", async () => {
		const health = await ask("GET", "/health");
		assert.deepEqual([health.status, health.json], [200, { status: "ok" }]);
		const script = await ask("GET", "/widget/chat-widget.js");
		assert.match(script.headers["content-type"], /^application\/javascript/);
		const reply = await chat("smoke", "[[tokens=3]]");
		assert.deepEqual([reply.status, reply.json.message], [200, "t0 t1 t2"]);
		const events = await (await stream("smoke", "[[tokens=3 delay=20]]")).rest();
		const types = events.map((event) => event.type);
		assert.deepEqual(types, ["start", "token", "token", "token", "done"]);
		assert.equal(textOf(events), "t0 t1 t2 ");
		const document = await ask("GET", "/v1/openapi.json");
		assert.match(document.json.openapi, /^3\.1/);
		assert.equal((await ask("GET", "/login")).status, 200);
		const login = await logIn({ password: keys.password });
		assert.deepEqual([login.status, login.json], [200, { ok: true }]);
		assert.equal((await logIn({ password: "no" })).status, 401);
		const body = { sessionId: "s", message: "m" };
		assert.equal((await ask("POST", "/v1/chat", { body })).status, 401);
		const headers = { "x-api-key": keys.widget, origin: "https://evil.example" };
		assert.equal((await ask("POST", "/v1/chat", { headers, body })).status, 403);
	});

	/** The output of the probe in place of a service. */
	async function probe(unit) {
		const path = `/run/systemd/system/probe-${unit}`;
		// The unit's own text with another command and type.
		await machine.do(`
			sed -e 's|^ExecStart=.*|ExecStart=/usr/bin/perl /var/lib/probe.pl|' \\
				-e 's|^Type=.*|Type=oneshot|' -e '/^Requires=/d; /^Restart/d; /^Watchdog/d' \\
				/lib/systemd/system/${unit} >${path}
			cp /root/probe.pl /root/probe.messages /var/lib
			systemctl daemon-reload
			systemctl start probe-${unit}`);
		const said = await journal(`probe-${unit}`);
		return new Map(
			[...said.matchAll(/^([a-z0-9/ -]+?) (yes|no)(?:$|: )/gm)].map(([, name, can]) => [name, can]),
		);
	}

	const OWN = ["write /var/tmp"]; // which is one of its own
	const STORE_USER = [
		...[
			"store as worker",
			"store as tool",
			"store as searchd",
			"store as crawld",
			"store as maild",
		],
		...["write /var/lib/banter", "read /var/lib/banter"],
	];
	const CAN = {
		"banter-storaged.service": [...STORE_USER, ...OWN, "unix"],
		"banter-searchd.service": [
			...["store as searchd", "search as worker", "search as tool"],
			...[...OWN, "unix"],
		],
		"banter-crawld.service": ["store as crawld", ...OWN, "inet", "inet6", "unix"],
		"banter-maild.service": ["store as maild", ...OWN, "inet", "inet6", "unix"],
		"banter.service": ["store as worker", "search as worker", ...OWN, "inet", "inet6", "unix"],
		"banter-backup.service": [...STORE_USER, ...OWN, "unix"],
	};
	for (const [unit, can] of Object.entries(CAN))
		step(`${unit} can do what it needs, and nothing else of the probes`, async () => {
			const said = await probe(unit);
			assert.ok(said.size >= 20, [...said].join("\n"));
			const could = [...said].filter(([, answer]) => answer === "yes").map(([name]) => name);
			assert.deepEqual(could.sort(), [...can].sort());
		});

	step("says that a backup failed until one succeeds", async () => {
		await machine.do("chown root /var/backups/banter");
		assert.equal((await machine.run("systemctl start banter-backup.service")).status, 1);
		const said = await machine.do("banter status");
		assert.match(said, /everything runs, and the last backup FAILED$/m);
		assert.match(said, /^ +the last attempt FAILED .*: \/var\/backups\/banter/m);
		assert.match(said, /^ +the nightly one FAILED: journalctl -u banter-backup\.service/m);
		await machine.do("chown banter-store /var/backups/banter");
		await machine.do("systemctl start banter-backup.service");
		assert.match(await machine.do("banter status"), /everything runs$/m);
	});

	step("makes and verifies a backup, which can be restored", async () => {
		const before = await conversations();
		assert.equal(before.total, 1);
		await machine.do("systemctl start banter-backup.service");
		const file = (await machine.do("ls /var/backups/banter/*.mdb")).trim();
		assert.match(file, /^\/var\/backups\/banter\/banter-[1-7]\.mdb$/);
		assert.equal((await machine.do(`stat -c '%U %a' ${file}`)).trim(), "banter-store 600");
		assert.match(await journal("banter-backup"), /no problems found/);
		assert.match(await machine.do("banter status"), /^backup +[0-9-]+T/m);
		const drill = await machine.do(`mkdir /root/drill
			banter restore --data-dir /root/drill ${file} >/dev/null
			DATA_DIR=/root/drill banter export | tail -n 1`);
		assert.match(drill, /^{"kind":"end","lines":[1-9]/);
		assert.equal((await chat("after-the-backup", "[[tokens=1]]")).status, 200);
		assert.equal((await conversations()).total, 2);
		await machine.do(`${STOP_STORE} &&
			banter restore --force ${file} && systemctl start banter.target`);
		await ready();
		assert.deepEqual(await conversations(), before);
		assert.equal((await chat("after-the-restore", "[[tokens=1]]")).status, 200);
		await machine.do("banter verify");
	});

	step("a widget's visitor chats by WebSocket from an allowed site only", async () => {
		const headers = { "x-admin-api-key": keys.admin };
		const body = { name: "Support", allowed_origins: [SITE] };
		const made = await ask("POST", "/v1/admin/widgets", { headers, body });
		assert.equal(made.status, 201, made.text);
		widget = made.json;
		const config = `/api/widget/${widget.widget_id}/config`;
		assert.equal((await ask("GET", config, { headers: { origin: SITE } })).json.name, "Support");
		const elsewhere = { origin: "https://evil.example" };
		assert.equal((await ask("GET", config, { headers: elsewhere })).status, 403);
		const visitor = await Visitor.open({ url: URL }, widget, { headers: { origin: SITE } });
		assert.equal(await visitor.ask("[[echo]] are you open?"), "are you open?");
		await visitor.close();
		token = visitor.token;
		await comesBack();
	});

	const worker = async () =>
		Number((await machine.do(`pgrep -P ${await pid("banter")} workerd`)).split("\n")[0]);
	const VICTIMS = {
		storaged: () => pid("banter-storaged"),
		masterd: () => pid("banter"),
		"a worker": worker,
	};
	for (const [name, find] of Object.entries(VICTIMS))
		step(`recovers when ${name} is killed`, async () => {
			const victim = await find();
			assert.ok(victim > 0, `no process: ${victim}`);
			await machine.do(`kill -9 ${victim}`);
			await until("another has its place", async () => {
				const next = await find().catch(() => 0);
				return next > 0 && next !== victim;
			});
			await ready();
			await succeeds("a chat", () => chat("healed", "[[tokens=1]]"));
			await noUnitFailed();
		});

	step("restarts of everything, one after the other, keep the ports and the store", async () => {
		for (let i = 0; i < 8; i++) {
			await machine.do("systemctl restart banter.target");
			await noUnitFailed();
		}
		await ready();
	});

	step("a stopped masterd is killed by the watchdog and restarted", async () => {
		await override("banter.service", "[Service]\\nWatchdogSec=5s\\n");
		await machine.do("systemctl restart banter");
		await ready();
		const stuck = await pid("banter");
		await machine.do(`kill -STOP ${stuck}`);
		await until("another masterd", async () => {
			const now = await pid("banter");
			return now > 0 && now !== stuck;
		});
		await ready();
		assert.match(await journal("banter"), /Watchdog timeout/);
		await override("banter.service");
		await machine.do("systemctl restart banter");
		await ready();
	});

	step(
		"a reload refuses settings with which a daemon would not start, and says which",
		async () => {
			await machine.do("cp /etc/banter/banter.env /root/good.env");
			const before = await pid("banter");
			for (const line of ["WORKERS=none", "STORE_SCRUB_HOURS=often", "CRAWL_DELAY_MS=slow"]) {
				await machine.do(`cp /root/good.env /etc/banter/banter.env
				echo ${line} >>/etc/banter/banter.env`);
				assert.notEqual((await machine.run("systemctl reload banter")).status, 0, line);
				assert.match(await journal("banter"), RegExp(`^ *${line}: must be`, "m"));
				assert.equal((await chat("refused-reload", "[[tokens=1]]")).status, 200);
			}
			await machine.do("mv /root/good.env /etc/banter/banter.env");
			await machine.do("systemctl reload banter");
			assert.equal(await pid("banter"), before);
			await ready();
		},
	);

	step("masterd exits once with 78 for invalid settings; the journal has all errors", async () => {
		await machine.do("cp /etc/banter/banter.env /root/good.env");
		await machine.do("echo OPENAI_BASE_URL=nonsense >>/etc/banter/banter.env");
		await machine.do("echo WORKERS=0 >>/etc/banter/banter.env");
		await machine.run("systemctl restart banter");
		await machine.becomes("banter", "failed");
		assert.equal(await machine.property("banter", "ExecMainStatus"), "78");
		assert.equal(await machine.property("banter", "NRestarts"), "0");
		const said = await journal("banter");
		assert.match(said, /OPENAI_BASE_URL=nonsense/);
		assert.match(said, /WORKERS=0/);
		assert.equal(await active("banter-storaged"), "active");
		const shown = await machine.run("banter status; dpkg-reconfigure banter 2>&1 >/dev/null");
		const failed =
			/^masterd +FAILED with exit status 78\n +last error .*: [A-Z_]+=.*\n(?: .*\n)* +to do: correct/gm;
		assert.equal(shown.stdout.match(failed)?.length, 2, shown.stdout);
		assert.equal((await machine.run("banter status")).status, 69);
		// New connections start it again, but not endlessly.
		const waiting = ask("GET", "/health").catch((error) => error.code);
		await machine.becomes("banter.socket", "failed");
		assert.match(await waiting, /^ECONN(RESET|REFUSED)$/);
		await assert.rejects(ask("GET", "/health"), { code: "ECONNREFUSED" });
		const starts = (await journal("banter")).match(/WORKERS=0/g).length;
		assert.ok(starts <= 15, `${starts} starts`);
		await machine.do("mv /root/good.env /etc/banter/banter.env");
		await machine.do("systemctl restart banter.target");
		await ready();
	});

	step("on a full disk chats get 503 and all else works; it recovers with room", async () => {
		await machine.do(`${STOP_STORE}
			cp -a /var/lib/banter /root/kept
			mount -t tmpfs -o size=2M,mode=0700,uid=banter-store,gid=banter-store none /var/lib/banter
			cp -a /root/kept/data.mdb /var/lib/banter/
			systemctl start banter.target`);
		await ready();
		await machine.do("dd if=/dev/zero of=/var/lib/banter/ballast bs=4k 2>/dev/null; true");
		const full = await until("a chat is refused", async () => {
			const answer = await chat("full", "[[tokens=1]]");
			return answer.status !== 200 && answer;
		});
		assert.equal(full.status, 503, full.text);
		assert.ok(full.headers["retry-after"]);
		assert.equal((await ask("GET", "/health")).status, 200);
		assert.equal(typeof (await conversations()).total, "number");
		await until("the service manager is told", async () =>
			(await machine.property("banter-storaged", "StatusText")).startsWith("WRITES ARE REFUSED"),
		);
		await machine.do("rm /var/lib/banter/ballast");
		await succeeds("a chat", () => chat("room", "[[tokens=1]]"));
		await machine.do(`${STOP_STORE}
			umount /var/lib/banter && rm -r /root/kept && systemctl start banter.target`);
		await ready();
	});

	step("a store out of memory: chats get 503 meanwhile, and it recovers", async () => {
		await override("banter-storaged.service", "[Service]\\nLimitAS=16M\\n");
		await machine.run("systemctl restart banter-storaged.service");
		await until("it was tried again", async () => {
			return Number(await machine.property("banter-storaged", "NRestarts")) > 0;
		});
		const refused = await chat("memory", "[[tokens=1]]");
		assert.equal(refused.status, 503, refused.text);
		assert.equal((await ask("GET", "/health")).status, 200);
		assert.equal((await ask("GET", "/health/ready")).status, 503);
		await override("banter-storaged.service");
		await ready();
		assert.equal((await chat("memory", "[[tokens=1]]")).status, 200);
	});

	step("rotates a key: old and new are both valid until the old one is removed", async () => {
		const old = keys.widget;
		const status = async (used) => {
			keys.widget = used;
			return (await chat("rotated", "[[tokens=1]]")).status;
		};
		await machine.do(`cd /etc/banter/credentials && mv WIDGET_API_KEY WIDGET_API_KEY_OLD &&
			banter setup --first-start`);
		const crowd = await Crowd.gather(stream, ask, MODEL, 0);
		await machine.do("systemctl restart banter");
		await ready();
		await crowd.part(); // nobody who came meanwhile was refused
		const now = await key("WIDGET_API_KEY");
		assert.notEqual(now, old);
		assert.deepEqual([await status(old), await status(now)], [200, 200]);
		await machine.do(
			"truncate -s 0 /etc/banter/credentials/WIDGET_API_KEY_OLD; systemctl restart banter",
		);
		await ready();
		assert.deepEqual([await status(old), await status(now)], [401, 200]);
	});

	step("serves HTTPS, and loads a certificate renewed by certbot during a reply", async () => {
		const authority = new Authority();
		const renew = async (name) => {
			const { cert, key } = authority.issue(name);
			await machine.do("mkdir -p /root/lineage");
			machine.put(cert, "/root/lineage/fullchain.pem");
			machine.put(key, "/root/lineage/privkey.pem");
			await machine.do("/usr/lib/banter/certbot-deploy-hook", {
				env: { RENEWED_LINEAGE: "/root/lineage" },
			});
		};
		tlsOptions.ca = authority.pem;
		const listen = "ListenStream=\\nListenStream=443\\nBindIPv6Only=both\\n";
		await override("banter.socket", `[Socket]\\n${listen}`);
		await machine.do(`cp /etc/banter/banter.env /root/plain.env
			echo TLS_CERT=/etc/banter/tls/fullchain.pem >>/etc/banter/banter.env
			echo TLS_KEY=/etc/banter/tls/privkey.pem >>/etc/banter/banter.env`);
		await renew("first");
		await machine.do("systemctl restart banter.socket banter.service");
		const url = "https://127.0.0.1";
		await succeeds("GET by HTTPS", () => request(url, "GET", "/health/ready"));
		const headers = { "x-api-key": keys.widget };
		const body = { sessionId: "https", message: "[[tokens=100 delay=50]]" };
		const running = await openStream(url, "/v1/chat/stream", headers, body);
		assert.equal(running.socket.getPeerCertificate().subject.CN, "first");
		await running.tokens(1);
		await renew("second");
		await until("the new certificate", async () => {
			const short = { ...body, message: "[[tokens=1]]" };
			const one = await openStream(url, "/v1/chat/stream", headers, short);
			const { CN } = one.socket.getPeerCertificate().subject;
			one.leave();
			return CN === "second";
		});
		assert.equal((await running.rest()).at(-1).type, "done");
		await override("banter.socket");
		await machine.do(`mv /root/plain.env /etc/banter/banter.env
			systemctl stop banter.service banter.socket
			systemctl start banter.target`);
		await ready();
	});

	const WHOM =
		"cuts none of 200 streams, sends 50 sockets elsewhere without a message lost, and refuses nobody";

	step(`a reload ${WHOM}`, async () => {
		const crowd = await gather();
		const workers = await machine.do(`pgrep -P ${await pid("banter")} workerd`);
		await machine.do("systemctl reload banter");
		const old = workers.trim().split("\n");
		await until("there are new workers", async () => {
			const now = await machine.run(`pgrep -P ${await pid("banter")} workerd`);
			const isDone = (await journal("banter")).includes("ev=reload_done");
			return (
				isDone &&
				now.stdout
					.trim()
					.split("\n")
					.some((one) => !old.includes(one))
			);
		});
		await crowd.part();
	});

	step(`an upgrade ${WHOM}`, async () => {
		const crowd = await gather();
		const store = await pid("banter-storaged");
		const settings = await machine.do("cat /etc/banter/banter.env");
		const said = await install(NEWER);
		assert.match(said, /new workers are running/);
		assert.equal(await machine.do("cat /etc/banter/banter.env"), settings);
		assert.notEqual(await pid("banter-storaged"), store);
		assert.equal(await machine.do("banter --version"), `banter ${NEWER}\n`);
		const replaced = RegExp(
			`^masterd .*, banter\\s+${VERSION};\\s+${NEWER.replace("+", ".")}\\s+was\\s(?:.*\\n)*? +to do: the installation`,
			"m",
		);
		assert.match(await machine.do("banter status"), replaced);
		await until("workers of the newer version", async () =>
			(await machine.do("banter status")).includes(`banter ${NEWER}`),
		);
		await crowd.part();
		await machine.do("banter verify");
	});

	step("an upgrade stops an incompatible masterd before the store; ports stay", async () => {
		// Claims another interface version, which is all that postinst checks.
		await machine.do(`systemctl stop banter.service
			cp /usr/lib/banter/masterd /root/masterd
			printf '#!/bin/sh\\n[ "$1" = --version ] && echo "masterd, messages 0" && exit\\nexec /root/masterd "$@"\\n' >/root/wrapper`);
		await machine.do("systemctl start banter.service");
		await ready();
		const before = await pid("banter");
		const store = await pid("banter-storaged");
		await changePackage(NEWER, "postinst", "s|\\$(interface /usr/lib/banter/masterd)|another|");
		await machine.do("apt-get install -y --reinstall --allow-downgrades /root/other.deb");
		assert.notEqual(await pid("banter"), before);
		assert.notEqual(await pid("banter-storaged"), store);
		const [stopped, renewed] = await Promise.all([
			machine.property("banter", "InactiveEnterTimestampMonotonic"),
			machine.property("banter-storaged", "ExecMainStartTimestampMonotonic"),
		]);
		assert.ok(Number(stopped) > 0 && Number(stopped) < Number(renewed), `${stopped}, ${renewed}`);
		await ready();
		assert.equal((await chat("restarted", "[[tokens=1]]")).status, 200);
	});

	step("a version that cannot read the store is refused without changes", async () => {
		await changePackage(VERSION, "preinst", "s/-gt [0-9]*/-gt 0/");
		const pids = () => Promise.all([pid("banter-storaged"), pid("banter")]);
		const before = await pids();
		const said = await machine.run(
			"apt-get install -y --allow-downgrades -o Dpkg::Use-Pty=0 /root/other.deb 2>&1",
		);
		assert.notEqual(said.status, 0);
		assert.match(said.stdout, /reads stores up to schema .*Nothing was changed/);
		assert.deepEqual(await pids(), before);
		assert.equal(await machine.do("banter --version"), `banter ${NEWER}\n`);
		assert.match(await machine.do("dpkg --status banter"), /^Status: install ok installed$/m);
	});

	step("a reboot keeps every conversation, and all services start", async () => {
		const before = await conversations();
		assert.ok(before.total > 2);
		await machine.reboot();
		await startModel();
		await ready();
		assert.deepEqual(await conversations(), before);
		assert.equal((await chat("after-the-reboot", "[[tokens=1]]")).status, 200);
		assert.equal((await logIn(OWNER)).status, 200);
		await comesBack();
	});

	step("removal stops everything and keeps settings and data", async () => {
		const before = await conversations();
		await machine.do("apt-get remove -y banter");
		assert.equal((await machine.run("pgrep -l 'masterd|workerd|storaged'")).stdout, "");
		await assert.rejects(ask("GET", "/health"), { code: "ECONNREFUSED" });
		await machine.do("test -s /var/lib/banter/data.mdb && test -s /etc/banter/banter.env");
		await install(VERSION);
		await ready();
		assert.deepEqual(await conversations(), before);
	});

	const replaceStore = (make) =>
		machine.do(`${STOP_STORE} && cd /var/lib/banter && rm -f *.mdb && ${make} >data.mdb &&
			chown banter-store: data.mdb`);

	step("an upgrade reports a store of a newer version, which it cannot read", async () => {
		// A turn that the store no longer answers holds its worker for so long when it stops.
		await machine.do(
			"sed -i s/^DRAIN_TIMEOUT_MS=.*/DRAIN_TIMEOUT_MS=2000/ /etc/banter/banter.env && systemctl restart banter",
		);
		await ready();
		await machine.do(`${STOP_STORE} && cp /var/lib/banter/data.mdb /root/kept.mdb`);
		await replaceStore("LC_ALL=C sed s/schema_version13/schema_version93/g /root/kept.mdb");
		const said = await install(NEWER);
		const error =
			/^storaged +FAILED .*\n +last error .*ev=store_too_new schema=93 (?:.*\n)*?.*help=/m;
		assert.match(said, error);
		assert.equal((await ask("GET", "/health")).status, 200);
		assert.equal((await chat("too-new", "[[tokens=1]]")).status, 503);
		await machine.do("systemctl stop banter.target");
		await replaceStore("cat /root/kept.mdb");
		// First, so that no connection starts it: it was started as often as its socket allows in 10 seconds.
		await machine.do("systemctl start banter-storaged.service && systemctl start banter.target");
		await ready();
	});

	const LEFT =
		"find /etc/banter /var/lib/banter /var/lib/banter-search /var/backups/banter /run/banter /var/lib/systemd/timers/*banter* 2>/dev/null";

	step("a purge deletes own files, and keeps backups, others and mount points", async () => {
		await machine.do("touch /etc/banter/notes /var/backups/banter/photos.tar");
		await machine.do("mount -t tmpfs none /var/lib/banter"); // a disk of its own
		const said = await machine.do("apt-get purge -y -o Dpkg::Use-Pty=0 banter");
		assert.match(said, /the purge kept \/var\/lib\/banter: it is a mount point or has other files/);
		const left = (await machine.run(LEFT)).stdout;
		assert.match(left, /^\/etc\/banter\n\/etc\/banter\/notes\n\/var\/lib\/banter\n\/var\/backups/);
		assert.match(left, /^\/var\/backups\/banter\/banter-[1-7]\.mdb$/m);
		assert.match(left, /^\/var\/backups\/banter\/photos\.tar$/m);
		await machine.do("umount /var/lib/banter && rm /etc/banter/notes");
		await noUnitFailed();
	});

	step("a new installation works after a purge, also with IPv6 off", async () => {
		writeFileSync("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1");
		await install(VERSION);
		assert.equal(await active("banter-storaged"), "active");
		assert.notEqual(await key("WIDGET_API_KEY"), keys.widget);
		const url = "http://model.example:8090/v1";
		await machine.do("cat >/root/key", { input: MODEL_KEY });
		await machine.do("cat >/root/password", { input: OWNER.password });
		await machine.do(`banter setup --model-key-file /root/key --model-url ${url} --sites ${SITE} \
				--owner-email ${OWNER.email} --owner-password-file /root/password \
				--daily-tokens 2000000 --restart`);
		await ready();
		assert.equal((await logIn(OWNER)).status, 200);
		writeFileSync("/proc/sys/net/ipv6/conf/all/disable_ipv6", "0");
	});

	step("a purge deletes backups on request, and nothing behind a link", async () => {
		await machine.do(`systemctl stop banter.target banter-storaged.socket banter-storaged
			mv /var/lib/banter /srv/store && ln -s /srv/store /var/lib/banter
			ln -s /srv/store/data.mdb /var/backups/banter/new.mdb`);
		await machine.do("BANTER_PURGE_BACKUPS=yes apt-get purge -y banter");
		const left = (await machine.run(LEFT)).stdout.trim().split("\n").sort();
		const others = ["", "/new.mdb", "/photos.tar"].map((name) => `/var/backups/banter${name}`);
		assert.deepEqual(left, [...others, "/var/lib/banter"]);
		await machine.do("test -s /srv/store/data.mdb");
		const units = await machine.run("find /etc/systemd /lib/systemd /usr/lib -name '*banter*'");
		assert.equal(units.stdout, "");
	});
});

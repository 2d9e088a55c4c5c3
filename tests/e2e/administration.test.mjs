// GET and PUT /v1/admin/prices, and GET /v1/admin/server.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync } from "node:fs";
import { describe, it } from "node:test";
import { addUser, logIn } from "./accounts.mjs";
import { Contract } from "./contract.mjs";
import { ADMIN_KEY, PASSWORD, until, useBanter, withBanter } from "./harness.mjs";
import { addSource, putPage } from "./knowledge.mjs";
import { ADMIN, addOrganization, assertFields, connectToStore } from "./organizations.mjs";
import { expectTool } from "./tool.mjs";

const contract = new Contract();

describe("the prices of an organization", () => {
	const banter = useBanter();
	const drive = async (status, method, body, headers = ADMIN) =>
		await contract.drive(banter, status, method, "/v1/admin/prices", { headers, body });
	const price = (inputPerMillion, outputPerMillion) => ({ inputPerMillion, outputPerMillion });

	it("are none at first, and then those that were set, exactly", async () => {
		assert.deepEqual((await drive(200, "GET")).json, { models: {}, currency: null });
		const prices = {
			models: {
				"gpt-4.1-mini": price(0.4, 1.6),
				'a "model" \\ of ours': price(0, 999999.999999),
				"tiny/1": price(0.000001, 0.1),
			},
			currency: "EUR",
		};
		assert.deepEqual((await drive(200, "PUT", prices)).json, prices);
		const { json, text } = await drive(200, "GET");
		assert.deepEqual(json, prices);
		assert.match(text, /"outputPerMillion":999999\.999999\}/);
		const other = await addOrganization(banter, "Other");
		assert.deepEqual((await drive(200, "GET", undefined, other.headers)).json.models, {});
		const none = { models: {}, currency: "USD" };
		assert.deepEqual((await drive(200, "PUT", none, other.headers)).json, none);
		assert.deepEqual((await drive(200, "GET")).json, prices);
	});

	it("are changed by owners only, and shown to all", async () => {
		const member = await logIn(banter, await addUser(banter, "m@example.com", "--member"));
		await drive(200, "GET", undefined, member);
		await drive(403, "PUT", { models: {}, currency: "EUR" }, member);
	});

	it("name what is invalid", async () => {
		const many = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`m${i}`, price(1, 1)]));
		const long = Object.fromEntries(
			Array.from({ length: 200 }, (_, i) => [`${i}`.padStart(200, "x"), price(1, 1)]),
		);
		const of = (models, currency = "EUR") => ({ models, currency });
		for (const [body, fields] of [
			[{}, ["currency", "models"]],
			[of({}, "euro"), ["currency"]],
			[of([]), ["models"]],
			[of(many), ["models"]],
			[of(long), ["models"]],
			[of({ ä: price(1, 1) }), ["models"]],
			[of({ "": price(1, 1) }), ["models"]],
			[of({ m: 1 }), ["models.m"]],
			[of({ m: {} }), ["models.m.inputPerMillion", "models.m.outputPerMillion"]],
			[of({ m: price(-1, 1000001) }), ["models.m.inputPerMillion", "models.m.outputPerMillion"]],
			[of({ m: price(0.0000001, "1") }), ["models.m.inputPerMillion", "models.m.outputPerMillion"]],
			[of({ m: { ...price(1, 1), more: 1 } }), ["models.m.more"]],
		])
			assertFields(await drive(422, "PUT", body), fields);
		await drive(400, "PUT", "[]");
		await drive(413, "PUT", "x".repeat(65537));
	});
});

describe("the state of the server", () => {
	const banter = useBanter({ workers: 2, search: true, crawl: true });
	const get = (status, headers) =>
		contract.drive(banter, status, "GET", "/v1/admin/server", { headers });

	it("has versions, the health of each part, the store's space and the last backup", async () => {
		const before = (await get(200, ADMIN)).json;
		assert.match(before.version, /^\d+\.\d+\.\d+$/);
		const names = before.libraries.map(({ name }) => name);
		assert.deepEqual(names, ["jansson", "libcurl", "libevent", "nghttp2", "OpenSSL"]);
		for (const { version } of before.libraries) assert.match(version, /^\d+\.\d+/);
		const pids = before.workers.map(({ pid }) => pid).sort();
		assert.deepEqual(pids, banter.workerPids().sort());
		assert.deepEqual(before.models, [{ name: null, state: "available", retry_ms: 0 }]);
		const { store } = before;
		assert.equal(store.state, "ok");
		assert.ok(store.used_bytes > 0 && store.used_bytes <= store.file_bytes);
		assert.ok(store.file_bytes < store.max_bytes && store.disk_free_bytes > 0);
		assert.equal(store.last_backup, null);
		const nothing = { sources: 0, waiting: 0, read: 0, unread: 0, chunks: 0, complete: true };
		assert.deepEqual(before.content, nothing);
		await until(
			"the search index is ready",
			async () => (await get(200, ADMIN)).json.search.state === "ok",
		);
		await expectTool(banter, 0, "backup", `${banter.dir}/backup.mdb`);
		const good = (await get(200, ADMIN)).json.store;
		const { at, bytes, file } = good.last_backup;
		assert.ok(Math.abs(Date.now() - at) < 600_000 && bytes > 0);
		assert.equal(file, realpathSync(`${banter.dir}/backup.mdb`));
		assert.equal(good.backup_failed, null);
		await expectTool(banter, 73, "backup", `${banter.dir}/none/backup.mdb`);
		const bad = (await get(200, ADMIN)).json.store;
		assert.deepEqual(bad.last_backup, good.last_backup);
		assert.match(bad.backup_failed.error, /none\/backup\.mdb: No such file/);
		assert.ok(bad.backup_failed.at > at);
	});

	it("tells which processes use libraries that an update has replaced, as banter status does", async () => {
		const own = (await get(200, ADMIN)).json;
		assert.deepEqual(own.old_libraries, []);
		const folder = `${banter.dir}/lib`;
		mkdirSync(folder);
		const maps = readFileSync(`/proc/${banter.storaged.pid}/maps`, "utf8");
		for (const [, path, name] of maps.matchAll(/(\/\S+\/(lib(?:bsd|event_core)[^/\s]*))$/gm))
			cpSync(path, `${folder}/${name.replace(/(\.so\.\d+).*/, "$1")}`);
		const names = readdirSync(folder).sort();
		assert.equal(names.length, 2);
		await withBanter({ env: { LD_LIBRARY_PATH: folder } }, async (other) => {
			const shown = async () =>
				(await other.request("GET", "/v1/admin/server", { headers: ADMIN })).json.old_libraries;
			assert.deepEqual(await shown(), []);
			assert.doesNotMatch((await expectTool(other, 0, "status")).stdout, /^libraries/m);
			for (const name of names) {
				cpSync(`${folder}/${name}`, `${folder}/new`);
				renameSync(`${folder}/new`, `${folder}/${name}`);
			}
			const told = await shown();
			assert.deepEqual(
				told.map(({ process }) => process),
				["workerd", "storaged"],
			);
			for (const one of told) assert.deepEqual(one.names.split(", ").sort(), names);
			assert.match(
				(await expectTool(other, 0, "status")).stdout,
				/^libraries +lib.*an update has replaced/m,
			);
		});
	});

	it("tells whether crawld runs, and how much content is read", async () => {
		const crawl = async () => (await get(200, ADMIN)).json.crawl;
		await until("crawld is connected", async () => (await crawl()).running);
		const { program, pid } = await crawl();
		assert.match(program, /^banter \d/);
		assert.equal(pid, banter.crawld.pid);
		const peer = await connectToStore(banter);
		await putPage(banter, await addSource(peer), {
			url: "https://shop.example/a",
			title: "A",
			chunks: ["one", "two"],
		});
		await peer.close();
		const { content } = (await get(200, ADMIN)).json;
		const pages = { waiting: 0, read: 1, unread: 0 };
		assert.deepEqual(content, { sources: 1, ...pages, chunks: 2, complete: true });
		const { text } = await banter.get("/metrics");
		for (const line of [
			"banter_content_sources 1",
			'banter_content_pages{state="waiting"} 0',
			'banter_content_pages{state="read"} 1',
			'banter_content_pages{state="unread"} 0',
			"banter_content_passages 2",
			"banter_crawl_connected 1",
			'banter_crawl_visits_total{result="new_text"} 1',
			'banter_crawl_visits_total{result="unchanged"} 0',
			'banter_crawl_visits_total{result="robots"} 0',
		])
			assert.ok(text.includes(`\n${line}\n`), `${line} is not in\n${text}`);
		await banter.crawld.stop();
		await until("crawld is gone", async () => !(await crawl()).running);
		assert.deepEqual(await crawl(), { running: false });
	});

	it("has the settings in effect, and of a secret only whether it is set", async () => {
		const { json, text } = await get(200, ADMIN);
		for (const secret of [ADMIN_KEY, PASSWORD]) assert.ok(!text.includes(secret));
		const setting = Object.fromEntries(json.settings.map((one) => [one.name, one]));
		const { help: _, ...key } = setting.ADMIN_API_KEY;
		const secret = { name: "ADMIN_API_KEY", value: null, default: null, secret: true };
		assert.deepEqual(key, { ...secret, set: true });
		assert.equal(setting.WORKERS.value, "2");
		assert.deepEqual([setting.PORT.default, setting.PORT.secret], ["4000", false]);
		assert.equal(
			setting.STORE_MAX_BYTES.set,
			setting.STORE_MAX_BYTES.value !== setting.STORE_MAX_BYTES.default,
		);
	});

	it("is for those who administer the machine: owners of the first organization", async () => {
		const other = await addOrganization(banter, "Other");
		const key = await banter.request("POST", "/v1/admin/keys", {
			headers: other.headers,
			body: { kind: "admin" },
		});
		const enter = async (...user) => logIn(banter, await addUser(banter, ...user));
		for (const [status, headers] of [
			[200, ADMIN],
			[200, await logIn(banter, { password: PASSWORD })],
			[200, await enter("owner@example.com")],
			[403, await enter("member@example.com", "--member")],
			[403, other.headers],
			[403, { "x-admin-api-key": key.json.key }],
			[401, {}],
		])
			await get(status, headers);
	});

	it("tells which part does not answer", async () => {
		await banter.stopStore();
		const { store, crawl, content, settings } = (await get(200, ADMIN)).json;
		assert.deepEqual(store, { state: "unavailable" });
		assert.deepEqual([crawl, content], [null, null]);
		const metrics = await banter.get("/metrics");
		assert.equal(metrics.status, 200);
		assert.match(metrics.text, /^banter_connections\{/m);
		assert.doesNotMatch(metrics.text, /banter_content_pages|banter_crawl/);
		assert.ok(settings.every(({ name }) => name !== "STORE_MAX_BYTES"));
		contract.assertComplete("administration");
	});
});

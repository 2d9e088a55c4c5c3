// MODEL_SERVERS_FILE: what each server receives over both versions of HTTP, a reload, and what is refused. All mistakes in the
// file: tests/unit/proto/settings/test_model_servers_file.c.

import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { BUILD, until, withBanter } from "./harness.mjs";
import { addSource, putPage } from "./knowledge.mjs";
import { ADMIN, AGENT, adminExpect, connectToStore } from "./organizations.mjs";
import { answer, ScriptedModel } from "./scripted-model.mjs";
import { startProgram, useDirectory } from "./tool.mjs";
import { reply, withWebModel } from "./web-model.mjs";

/** Values that may be in no log and no response. */
const SECRETS = {
	azure: "azure-api-key-of-the-operator",
	access: "cloudflare-access-secret",
	router: "sk-or-of-the-operator",
	basic: "dXNlcjpwYXNzd29yZA==",
};
const FIELDS = { "CF-Access-Client-Secret": SECRETS.access, "HTTP-Referer": "https://example.com" };

/** The fields of a request's head by their names in lower case. */
const fieldsOf = (head) =>
	Object.fromEntries(
		head
			.split("\r\n")
			.slice(1)
			.map((line) => [
				line.slice(0, line.indexOf(":")).toLowerCase(),
				line.slice(line.indexOf(":") + 2),
			]),
	);

const use = (banter, key_name) => adminExpect(banter, 200, "PUT", `agents/${AGENT}`, { key_name });

/** Every response, the log and the metrics. */
async function assertHidden(banter, answers) {
	answers.push(await banter.get("/metrics"));
	for (const path of ["server", "agents", `agents/${AGENT}`])
		answers.push(await banter.get(`/v1/admin/${path}`, ADMIN));
	const said = answers.map(({ text }) => text).join("\n");
	const written = banter.log.lines.map(({ text }) => text).join("\n");
	for (const secret of Object.values(SECRETS)) {
		assert.ok(!said.includes(secret), `answered: ${secret}`);
		assert.ok(!written.includes(secret), `logged: ${secret}`);
	}
}

describe("MODEL_SERVERS_FILE", () => {
	const path = useDirectory();
	const file = path("model-servers.json");
	const put = (servers) => {
		writeFileSync(file, typeof servers === "string" ? servers : JSON.stringify(servers));
		chmodSync(file, 0o600);
	};
	const env = { MODEL_SERVERS_FILE: file, LOG_LEVEL: "debug" };

	it("gives each server its address, query, headers and key over HTTP/1.1", () =>
		new ScriptedModel(() => [answer("hi"), "keep"]).run(async (model) => {
			const url = (user, rest) => model.url.replace("http://", `http://${user}`) + rest;
			writeFileSync(path("key"), `${SECRETS.router}\n`, { mode: 0o600 });
			put([
				{
					name: "azure",
					url: url("user:password@", "/deployments/d/?api-version=2024-10-21"),
					api: "chat",
					headers: { "api-key": SECRETS.azure },
				},
				{ name: "router", url: url("", "/chat/completions"), keyFile: "key", headers: FIELDS },
				{ name: "basic", url: url("", ""), headers: { Authorization: `Basic ${SECRETS.basic}` } },
				{ name: "other", url: url("", ""), api: "responses" },
			]);
			await withBanter({ workers: 1, env }, async (banter) => {
				const answers = [];
				const ask = async (name) => {
					await use(banter, name);
					answers.push(await banter.chat("s", "Hello"));
					return model.heads.at(-1);
				};
				const azure = await ask("azure");
				assert.equal(answers[0].json?.message, "hi", answers[0].text);
				assert.match(
					azure,
					/^POST \/v1\/deployments\/d\/chat\/completions\?api-version=2024-10-21 HTTP/,
				);
				assert.equal(fieldsOf(azure)["api-key"], SECRETS.azure);
				assert.equal(fieldsOf(azure).authorization, undefined, "also not the URL's user");
				const router = await ask("router");
				assert.match(router, /^POST \/v1\/chat\/completions HTTP/);
				assert.equal(fieldsOf(router).authorization, `Bearer ${SECRETS.router}`);
				for (const [name, value] of Object.entries(FIELDS))
					assert.equal(fieldsOf(router)[name.toLowerCase()], value);
				assert.equal(fieldsOf(await ask("basic")).authorization, `Basic ${SECRETS.basic}`);
				assert.match(await ask("other"), /^POST \/v1\/responses HTTP/);

				// The list of models is asked for with the same headers.
				answers.push(await banter.get("/v1/admin/models?server=azure", ADMIN));
				assert.match(
					model.heads.at(-1),
					/^GET \/v1\/deployments\/d\/models\?api-version=2024-10-21 /,
				);
				assert.equal(fieldsOf(model.heads.at(-1))["api-key"], SECRETS.azure);
				assert.equal(fieldsOf(model.heads.at(-1)).authorization, undefined);
				const { servers } = await banter.adminGet("/v1/admin/agents");
				assert.deepEqual(
					servers.map(({ key_name }) => key_name),
					[null, "azure", "router", "basic", "other"],
				);
				await assertHidden(banter, answers);
			});
		}));

	it("whose server repeats a header in its error is not quoted with it", () =>
		new ScriptedModel(({ total }) => {
			const body = JSON.stringify({
				error: { message: `Access denied for ${total > 1 ? SECRETS.basic : SECRETS.azure}.` },
			});
			const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n`;
			return [`${head}Content-Length: ${body.length}\r\n\r\n${body}`, "keep"];
		}).run(async (model) => {
			put({
				servers: [
					{ name: "azure", url: model.url, headers: { "api-key": SECRETS.azure } },
					{ name: "basic", url: model.url, headers: { authorization: `Basic ${SECRETS.basic}` } },
				],
			});
			await withBanter({ workers: 1, env }, async (banter) => {
				for (const name of ["azure", "basic"]) {
					await use(banter, name);
					await assertHidden(banter, [await banter.chat(name, "Hello")]);
				}
				assert.match(banter.log.tail(50_000), /Access denied for \[key\]/);
			});
		}));

	it("has the server of embeddings, too", () =>
		new ScriptedModel(() => ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "keep"]).run(
			async (model) => {
				const url = `${model.url}/deployments/d?api-version=1`;
				put([{ name: "azure", url, headers: { "api-key": SECRETS.azure } }]);
				const embedding = { EMBEDDING_MODEL: "words", EMBEDDING_SERVER: "azure" };
				const options = { workers: 1, search: true, env: { ...env, ...embedding } };
				await withBanter(options, async (banter) => {
					const peer = await connectToStore(banter);
					const page = {
						url: "https://shop.example/",
						title: "Prices",
						chunks: ["Tea: five euros."],
					};
					await putPage(banter, await addSource(peer), page);
					await until("its text is sent", () => model.heads.length > 0);
					await peer.close();
					assert.match(
						model.heads[0],
						/^POST \/v1\/deployments\/d\/embeddings\?api-version=1 HTTP/,
					);
					assert.equal(fieldsOf(model.heads[0])["api-key"], SECRETS.azure);
					assert.equal(fieldsOf(model.heads[0]).authorization, undefined);
					await assertHidden(banter, []);
				});
			},
		));

	it("is sent over HTTP/2, too, and is read again on a reload; a broken one is refused and the old one stays", () => {
		const asked = [];
		const script = (res) => {
			asked.push(res.req.headers);
			reply(res, "hi");
		};
		put([]);
		return withWebModel(
			"h2",
			script,
			async (banter, model) => {
				const url = `https://localhost:${model.server.address().port}/v1?api-version=1`;
				const headers = { "Api-Key": SECRETS.azure, ...FIELDS };
				const reload = async (servers) => {
					const old = banter.workerPids();
					put(servers);
					const position = banter.log.lines.length;
					const { ev } = await banter.reload();
					if (ev === "reload_done")
						await until("the old workers are gone", () =>
							banter.workerPids().every((pid) => !old.includes(pid)),
						);
					const problems = banter.log.lines.slice(position);
					return [
						ev,
						...problems.filter(({ ev }) => ev === "settings_problem").map(({ text }) => text),
					];
				};
				const ask = async () => {
					assert.equal((await banter.chat("s", "Hello")).json?.message, "hi");
					return asked.at(-1);
				};
				assert.deepEqual(await reload([{ name: "azure", url, headers }]), ["reload_done"]);
				await use(banter, "azure");
				const first = await ask();
				assert.equal(first[":path"], "/v1/chat/completions?api-version=1");
				assert.equal(first["api-key"], SECRETS.azure);
				assert.equal(first["http-referer"], FIELDS["HTTP-Referer"]);
				assert.equal(first["cf-access-client-secret"], SECRETS.access);
				assert.equal(first.authorization, undefined);

				for (const [broken, rule] of [
					["[{]", /model-servers\.json: line 1, column 3: must be valid JSON/],
					[
						[{ name: "azure", url, headers: { Host: SECRETS.azure } }],
						/\[0\]\.headers\.Host must be left out/,
					],
					[
						[{ name: "azure", url, keys: SECRETS.router }],
						/\[0\]\.keys is unknown; the members are/,
					],
				]) {
					const [ev, ...problems] = await reload(broken);
					assert.equal(ev, "reload_refused");
					assert.equal(problems.length, 1);
					assert.match(problems[0], /MODEL_SERVERS_FILE=/);
					assert.match(problems[0], rule);
					assert.equal((await ask())["api-key"], SECRETS.azure);
				}
				const other = { name: "azure", url, key: SECRETS.router };
				assert.deepEqual(await reload([other]), ["reload_done"]);
				const last = await ask();
				assert.equal(last["api-key"], undefined);
				assert.equal(last.authorization, `Bearer ${SECRETS.router}`);
				await assertHidden(banter, []);
			},
			{ env },
		);
	});

	it("is refused at the start with every problem of all settings, and warned about if everyone can read it", async () => {
		const check = (more) => {
			const settings = { PATH: process.env.PATH, DATA_DIR: path(), ...env, ...more };
			return startProgram(join(BUILD, "masterd"), ["--check"], settings).ended;
		};
		put([{ name: "azure", url: "http://127.0.0.1:9", headers: { "api-key": SECRETS.azure } }]);
		chmodSync(file, 0o644);
		const exposed = await check({});
		assert.equal(exposed.status, 0, exposed.stderr);
		assert.match(
			exposed.stderr,
			/model-servers\.json: every user of this system can read the keys/,
		);
		chmodSync(file, 0o600);
		assert.doesNotMatch((await check({})).stderr, /every user/);
		const named = await check({ MODEL_SERVERS: "azure=http://127.0.0.1:8", PORT: "0" });
		assert.equal(named.status, 78);
		assert.match(named.stderr, /the name of server azure must not repeat one of MODEL_SERVERS/);
		assert.match(named.stderr, /PORT=0/);
		const gone = await check({ MODEL_SERVERS_FILE: path("none.json") });
		assert.equal(gone.status, 78);
		assert.match(
			gone.stderr,
			/none\.json: must be a readable file of at most 65536 bytes: No such file/,
		);
		// As a credential, like all secrets.
		put("");
		const credential = { MODEL_SERVERS_FILE: undefined, CREDENTIALS_DIRECTORY: path() };
		writeFileSync(path("MODEL_SERVERS_FILE"), "", { mode: 0o600 });
		assert.equal((await check(credential)).status, 0, "an empty one counts as unset");
		writeFileSync(path("MODEL_SERVERS_FILE"), '[{"name":"a"}]');
		assert.match((await check(credential)).stderr, /\[0\]\.url is missing/);
	});
});

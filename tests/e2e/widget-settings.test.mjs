// The settings that a site owner saves in a widget, and what the pages that show it read.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { request } from "./client.mjs";
import { useBanter } from "./harness.mjs";
import { adminExpect } from "./organizations.mjs";
import { KEY } from "./replies.mjs";
import { changeWidget, configPath, makeWidget, settingsPath } from "./visitors.mjs";

const banter = useBanter();

const read = (path, headers = {}) => request(banter.url, "GET", path, { headers });
/** Of a new widget; it stays unless a body says otherwise. */
const NOTICE = { disclosure: { show: true } };
const CONTACT = { contact_info_mode: "required", collect_name: true, collect_email: true };

describe("the settings of a widget", () => {
	it("are saved as a whole, and a page reads them with what it must know of contact details", async () => {
		const settings = { theme: "dark", texts: { de: { send: "Los" } }, requiredFields: ["email"] };
		const widget = await makeWidget(banter, { ...CONTACT, settings });
		const stored = { ...settings, ...NOTICE };
		assert.deepEqual(widget.settings, stored);
		const config = (await read(configPath(widget))).json;
		const { contact, settings: shown, ...rest } = (await read(settingsPath(widget))).json;
		assert.deepEqual(rest, config);
		assert.deepEqual(shown, stored);
		const fields = [
			{ name: "name", required: false },
			{ name: "email", required: true },
		];
		assert.deepEqual(contact, { mode: "required", fields });
		const changed = await changeWidget(banter, widget, { settings: { sound: true } });
		assert.deepEqual(changed.settings, { sound: true, ...NOTICE });
		const off = { disclosure: { show: false } };
		assert.deepEqual((await changeWidget(banter, widget, { settings: off })).settings, off);
		const other = await changeWidget(banter, widget, { settings: { rating: true } });
		assert.deepEqual(other.settings, { rating: true, ...off });
		assert.deepEqual((await changeWidget(banter, widget, { settings: null })).settings, {});
	});

	it("say of a new widget that an AI answers, and link to nothing but https pages", async () => {
		const widget = await makeWidget(banter, {});
		assert.deepEqual(widget.settings, NOTICE);
		assert.deepEqual((await read(settingsPath(widget))).json.settings, NOTICE);
		const link = "https://shop.example/privacy";
		const settings = { disclosure: { show: true, text: "Mia is an AI.", link } };
		assert.deepEqual((await changeWidget(banter, widget, { settings })).settings, settings);
		for (const wrong of ["http://shop.example/", "javascript:alert(1)", "https://a@b.example/"]) {
			const body = { settings: { disclosure: { link: wrong } } };
			const { fields } = await adminExpect(banter, 422, "PUT", `widgets/${widget.id}`, body);
			assert.deepEqual(Object.keys(fields), ["settings.disclosure.link"]);
		}
	});

	it("are kept by a browser until they change", async () => {
		const widget = await makeWidget(banter, { allowed_origins: ["https://shop.example"] });
		const origin = "https://shop.example";
		const first = await read(settingsPath(widget), { origin });
		assert.equal(
			first.headers["cache-control"],
			"public, max-age=60, stale-while-revalidate=86400",
		);
		assert.match(first.headers.vary, /\bOrigin\b/);
		const known = { origin, "if-none-match": first.headers.etag };
		const second = await read(settingsPath(widget), known);
		assert.deepEqual([second.status, second.bytes.length], [304, 0]);
		assert.equal(second.headers["access-control-allow-origin"], origin);
		await changeWidget(banter, widget, { settings: { theme: "light" } });
		assert.equal((await read(settingsPath(widget), known)).status, 200);
	});

	it("of the organization's first widget are read by a page with a key", async () => {
		const { widgets } = await adminExpect(banter, 200, "GET", "widgets?limit=200");
		const [first] = widgets;
		await changeWidget(banter, first, { settings: { agentName: "Bea" } });
		const answer = await read("/v1/chat/settings", KEY);
		assert.deepEqual(answer.json.settings, { agentName: "Bea", ...NOTICE });
		assert.deepEqual(answer.json, (await read(settingsPath(first))).json);
		assert.match(answer.headers["cache-control"], /^private, max-age=60/);
		assert.match(answer.headers.vary, /x-api-key/);
		await changeWidget(banter, first, { settings: null });
	});

	it("are refused with an error for each invalid member, under its path", async () => {
		const settings = { theme: "red", launcher: { style: 1 }, avatar: "http://a.example", x: 1 };
		const { fields } = await adminExpect(banter, 422, "POST", "widgets", { settings });
		const paths = ["theme", "avatar", "launcher.style", "x"].map((one) => `settings.${one}`);
		assert.deepEqual(Object.keys(fields).sort(), paths.sort());
	});
});

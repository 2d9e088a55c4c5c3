// The widget's view on an empty page, without a server: a test sets its state, and reads what the visitor
// did. widget/test/stage.ts is its script.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, afterEach, before } from "node:test";
import { complaintsOf, launch, setTextSize } from "./browser.mjs";
import { Profiles } from "./profiles.mjs";

const WIDGET = new URL("../../widget/", import.meta.url);
const SCRIPT = new URL("node_modules/.cache/banter-widget/stage.js", WIDGET);
const ADDRESS = "http://localhost/";
const PAGE = '<!doctype html><meta name="viewport" content="width=device-width">';
const textsOf = (code) =>
	Object.values(JSON.parse(readFileSync(new URL(`src/locales/${code}.json`, WIDGET), "utf8")));

/** A reply that is complete; more: its other members. */
export const reply = (key, text, more) => ({
	role: "assistant",
	key,
	id: key,
	text,
	phase: "done",
	failure: null,
	at: null,
	author: null,
	rating: null,
	basis: null,
	...more,
});
export const question = (key, text, more) => ({
	role: "user",
	key,
	text,
	at: null,
	isQueued: false,
	...more,
});
export const WELCOME = reply("welcome", "Welcome", { id: null });

let script;

/** The script is built by the first call. */
function buildScript() {
	if (script === undefined) {
		execFileSync(process.execPath, ["build.mjs", "--stage"], { cwd: WIDGET });
		script = readFileSync(SCRIPT, "utf8");
	}
	return script;
}

/** A browser for all tests of a describe(). isKept: a test's pages stay open for those after it. */
export function useStage({ isKept = false } = {}) {
	let browser;
	let profiles;
	const contexts = [];
	before(async () => {
		buildScript();
		browser = await launch();
		profiles = new Profiles(browser, true);
	});
	after(() => browser?.close());
	if (!isKept)
		afterEach(() => Promise.all(contexts.splice(0).map((context) => profiles.giveBack(context))));

	/**
	 * record: the widget's settings; options: of playwright's context, and code, dir: the language; policy: of the page;
	 * textPx: the browser's size of text.
	 */
	return async function open(
		record = {},
		{ code = "en", dir = "", policy, textPx, ...options } = {},
	) {
		const headers = policy ? { "content-security-policy": policy } : {};
		const context = await profiles.take(options);
		contexts.push(context);
		const page = await context.newPage();
		const complaints = complaintsOf(page);
		if (textPx) await setTextSize(page, textPx);
		await page.route(ADDRESS, (route) =>
			route.fulfill({ contentType: "text/html", headers, body: PAGE }),
		);
		await page.goto(ADDRESS);
		await page.evaluate(buildScript());
		await page.evaluate(
			async (args) => {
				window.view = window.stage(...args);
				// The chat moves and grows while it opens.
				await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
				const { shadowRoot } = document.querySelector("banter-chat");
				const opening = shadowRoot.getAnimations().filter(({ effect }) => {
					return Number.isFinite(effect.getComputedTiming().endTime);
				});
				await Promise.allSettled(opening.map(({ finished }) => finished));
			},
			[record, code, textsOf(code), dir],
		);
		return {
			page,
			complaints,
			chat: page.getByRole("dialog"),
			log: page.getByRole("log"),
			/** Replaces these members of the state, and waits until it is drawn: messages take frames on a slow machine. */
			set: (change) =>
				page.evaluate(async (change) => {
					window.view.store.update((state) => ({ ...state, ...change }));
					const frame = () => new Promise(requestAnimationFrame);
					const list = document.querySelector("banter-chat").shadowRoot.querySelector(".log");
					await frame();
					await frame();
					for (let drawn = -1; drawn !== list?.childElementCount; await frame())
						drawn = list?.childElementCount;
				}, change),
			calls: () => page.evaluate(() => window.view.calls.splice(0)),
			said: () => page.evaluate(() => window.view.said.splice(0)),
		};
	};
}

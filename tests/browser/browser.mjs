// Debian's Chromium and Firefox for tests and screenshots, driven by playwright-core.

import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach } from "node:test";
import { chromium, firefox } from "playwright-core";
import { DEADLINE_MS } from "../e2e/harness.mjs";
import { Profiles } from "./profiles.mjs";

export { newContext } from "./profiles.mjs";

const PROGRAM = "/usr/bin/chromium";
/** Chromium's headless shell, which needs half the CPU time. */
const SHELL = "/usr/bin/chromium-headless-shell";

const FIREFOX = "/usr/bin/firefox-esr";

const reasonFor = (program) => !existsSync(program) && `${program} is not installed`;
/** Why there is no browser to test with, or false. */
export const missing = reasonFor(PROGRAM);
export const missingFirefox = reasonFor(FIREFOX);

/** Most pages of tests end before optimized code has paid for its compilation. */
const WITHOUT_OPTIMIZER = "--js-flags=--no-opt,--no-maglev";

const optionsOf = (executablePath) => ({
	executablePath,
	timeout: DEADLINE_MS,
	args: [
		"--no-sandbox",
		"--disable-gpu",
		"--disable-dev-shm-usage",
		"--disable-background-networking",
	],
});

/**
 * @param {object} options playwright's; complete: the whole of Chromium is needed; isFast: scripts are optimized, as
 *   for visitors; isFirefox: another browser, through WebDriver BiDi
 * @returns {Promise<import("playwright-core").Browser>}
 */
export function launch({ complete = false, isFast = false, isFirefox = false, ...options } = {}) {
	if (isFirefox)
		return firefox.launch({
			...options,
			channel: "moz-firefox",
			executablePath: FIREFOX,
			timeout: DEADLINE_MS,
		});
	const all = optionsOf(complete || !existsSync(SHELL) ? PROGRAM : SHELL);
	if (!isFast) all.args.push(WITHOUT_OPTIMIZER);
	return chromium.launch({ ...options, ...all });
}

/** A profile of a visitor who has forbidden all sites to store anything, in a browser of its own; close() ends both. */
export async function launchWithoutStorage() {
	const folder = mkdtempSync(join(tmpdir(), "banter-profile-"));
	mkdirSync(join(folder, "Default"));
	const profile = { default_content_setting_values: { cookies: 2 } };
	writeFileSync(join(folder, "Default/Preferences"), JSON.stringify({ profile }));
	// Not the headless shell, which reads no preferences.
	const context = await chromium.launchPersistentContext(folder, optionsOf(PROGRAM));
	context.setDefaultTimeout(DEADLINE_MS);
	async function close() {
		await context.close();
		// The browser's last process may still write.
		await rm(folder, { recursive: true, force: true, maxRetries: 20 });
	}
	return { context, close };
}

/** Sets the browser's size of text, as a visitor does in the settings. */
export async function setTextSize(page, standard) {
	const session = await page.context().newCDPSession(page);
	await session.send("Page.setFontSizes", { fontSizes: { standard } });
}

/** Collects the errors on a page's console, such as violated policies, and its uncaught exceptions. */
export function complaintsOf(page) {
	const complaints = [];
	page.on("console", (message) => {
		if (message.type() === "error") complaints.push(message.text());
	});
	page.on("pageerror", (error) => complaints.push(String(error)));
	return complaints;
}

/** Holds the page's requests for `url` back until release(); `asked` resolves with the first one. */
export async function holdBack(page, url) {
	let release;
	const released = new Promise((resolve) => {
		release = resolve;
	});
	let isAsked;
	const asked = new Promise((resolve) => {
		isAsked = resolve;
	});
	await page.route(url, async (route) => {
		isAsked();
		await released;
		await route.continue();
	});
	return { asked, release };
}

/**
 * A browser for all tests of a describe(): open(url) resolves to { page, complaints } with a profile of its own, which is
 * closed after the test that opened it: its page would go on working. options: of playwright's context, and
 * prepare(context). areKept: profiles are used by later tests, too (profiles.mjs).
 */
export function useBrowser({ areKept = false } = {}) {
	let browser;
	let profiles;
	const contexts = [];
	let kept = 0; // those that before() opened
	before(async () => {
		browser = await launch();
		profiles = new Profiles(browser, areKept);
	});
	beforeEach(() => {
		kept = contexts.length;
	});
	afterEach(() => Promise.all(contexts.splice(kept).map((context) => profiles.giveBack(context))));
	after(() => browser?.close());
	return {
		async open(url, { prepare, ...options } = {}) {
			const context = await profiles.take(options);
			contexts.push(context);
			await prepare?.(context);
			const page = await context.newPage();
			const complaints = complaintsOf(page);
			await page.goto(url);
			return { page, complaints };
		},
	};
}

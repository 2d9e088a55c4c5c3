// Chromium for the tests and pictures: Debian's own, driven by playwright-core.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { DEADLINE_MS } from "../e2e/harness.mjs";

const PROGRAM = "/usr/bin/chromium";

/** Why there is no browser to test with, or false. */
export const missing = !existsSync(PROGRAM) && `${PROGRAM} is not installed`;

/** @returns {Promise<import("playwright-core").Browser>} */
export function launch(options = {}) {
	return chromium.launch({
		...options,
		executablePath: PROGRAM,
		timeout: DEADLINE_MS,
		args: [
			"--no-sandbox",
			"--disable-gpu",
			"--disable-dev-shm-usage",
			"--disable-background-networking",
		],
	});
}

/** A browser profile, with the patience of all tests. */
export async function newContext(browser, options = {}) {
	const context = await browser.newContext(options);
	context.setDefaultTimeout(DEADLINE_MS);
	return context;
}

/**
 * Collects what a page complains about: errors on its console (a policy that was broken among
 * them) and exceptions nobody caught.
 */
export function complaintsOf(page) {
	const complaints = [];
	page.on("console", (message) => {
		if (message.type() === "error") complaints.push(message.text());
	});
	page.on("pageerror", (error) => complaints.push(String(error)));
	return complaints;
}

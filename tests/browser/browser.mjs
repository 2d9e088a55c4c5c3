// Chromium for the tests and pictures: Debian's own, driven by playwright-core.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const PROGRAM = "/usr/bin/chromium";

/** Why there is no browser to test with, or false. */
export const missing = !existsSync(PROGRAM) && `${PROGRAM} is not installed`;

/** @returns {Promise<import("playwright-core").Browser>} */
export function launch(options = {}) {
	return chromium.launch({
		...options,
		executablePath: PROGRAM,
		args: [
			"--no-sandbox",
			"--disable-gpu",
			"--disable-dev-shm-usage",
			"--disable-background-networking",
		],
	});
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

// The dashboard in tests: a banter, and browsers in which somebody has signed in.

import assert from "node:assert/strict";
import { before } from "node:test";
import { logIn } from "../e2e/accounts.mjs";
import { PASSWORD, useBanter } from "../e2e/harness.mjs";
import { adminRequest } from "../e2e/organizations.mjs";
import { violationsOf } from "./accessibility.mjs";
import { useBrowser } from "./browser.mjs";

/** The screens and schemes on which each page must be accessible. */
export const SCREENS = [
	["light", { viewport: { width: 1440, height: 900 } }],
	["dark", { viewport: { width: 1440, height: 900 }, colorScheme: "dark" }],
	["on a phone", { viewport: { width: 360, height: 740 }, hasTouch: true }],
];

/** For all tests of a describe(). options: of the banter, and areKept: of useBrowser(). */
export function useDashboard({ areKept = false, ...options } = {}) {
	const banter = useBanter({ workers: 1, ...options });
	const browser = useBrowser({ areKept });
	let owner;
	before(async () => {
		owner = await logIn(banter, { password: PASSWORD });
	});
	return {
		banter,

		/** A request with ADMIN_API_KEY; resolves to the JSON. */
		async admin(method, path, body) {
			const { status, text, json } = await adminRequest(banter, method, path, body);
			assert.ok(status < 300, `${method} ${path}: ${status} ${text}`);
			return json;
		},

		/**
		 * Opens a page in a profile of its own. session: of logIn(), by default the owner's; others: playwright's options.
		 */
		visit(path, { session = owner, prepare, ...screen } = {}) {
			const [name, value] = session.cookie.split("=");
			return browser.open(banter.url + path, {
				...screen,
				async prepare(context) {
					await context.addCookies([{ name, value, url: banter.url }]);
					await prepare?.(context);
				},
			});
		},
	};
}

/**
 * Leads to another page of the dashboard within the app, as a link does: axe need not be compiled again. Resolves when the page
 * has its heading, which must be another one.
 */
export async function lead(page, path) {
	const heading = page.locator("main h1");
	const before = await heading.textContent();
	await page.evaluate((to) => {
		history.pushState(null, "", to);
		dispatchEvent(new PopStateEvent("popstate"));
	}, path);
	await heading.filter({ hasNotText: before }).waitFor();
}

/** Fails if axe has anything against what the page shows now, or if the page is wider than the window. */
export async function assertAccessible(page) {
	await page.waitForFunction(() => {
		const running = document
			.getAnimations()
			.filter(({ effect }) => effect?.getTiming().iterations !== Infinity);
		for (const one of running) one.finish();
		return running.length === 0;
	});
	assert.deepEqual(await violationsOf(page, "body"), []);
	const isTooWide = await page.evaluate(
		() => document.documentElement.scrollWidth > window.innerWidth,
	);
	assert.equal(isTooWide, false, "the page is wider than the window");
}

/** Whether the browser would ask before the page is closed: a form has changes that are not saved. */
export function asksBeforeClosing(page) {
	return page.evaluate(
		() => !window.dispatchEvent(new Event("beforeunload", { cancelable: true })),
	);
}

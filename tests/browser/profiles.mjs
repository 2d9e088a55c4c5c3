// Profiles of Chromium that tests use one after the other. A new profile needs a new process for its first page, which
// must compile everything again: half of the processor time of most tests. So a test gets a profile that another one
// has left, if both want the same options, without anything that it kept: storage, cookies, caches, history, routes and
// listeners. What cannot be taken back, such as a script for each new document, ends the profile.

import { DEADLINE_MS } from "../e2e/harness.mjs";

/** A browser profile, with the deadline of all tests. */
export async function newContext(browser, options = {}) {
	const context = await browser.newContext(options);
	context.setDefaultTimeout(DEADLINE_MS);
	return context;
}

/** Methods whose effect ends with resetEmulation(). */
const EMULATION = ["emulateMedia", "grantPermissions", "setOffline", "setViewportSize"];

/** Methods that change a page or its context for ever. */
const LASTING = [
	"addInitScript",
	"close",
	"exposeBinding",
	"exposeFunction",
	"newCDPSession",
	"routeWebSocket",
	"setDefaultTimeout",
	"setExtraHTTPHeaders",
	"setGeolocation",
];
const LASTING_OF_CLOCK = ["install", "pauseAt", "setFixedTime", "setSystemTime"];

/** Events of pages and contexts that a test may listen to; playwright itself listens to others. */
const EVENTS = [
	"console",
	"dialog",
	"domcontentloaded",
	"download",
	"filechooser",
	"frameattached",
	"framedetached",
	"framenavigated",
	"load",
	"page",
	"pageerror",
	"popup",
	"request",
	"requestfailed",
	"requestfinished",
	"response",
	"serviceworker",
	"weberror",
	"websocket",
	"worker",
];

/** How many are kept for later tests. */
const KEPT_MAX = 6;

const BLANK = "<!doctype html><title>Between two tests</title>";

/** Calls seen() before each call of these methods. */
function watch(object, methods, seen) {
	for (const name of methods) {
		const method = object[name];
		if (method === undefined) continue;
		object[name] = (...args) => {
			seen();
			return method.apply(object, args);
		};
	}
}

class Profile {
	/** options: of playwright's context, without those of a screen. */
	static async create(browser, options) {
		const context = await newContext(browser, options);
		const page = await context.newPage();
		return new Profile(context, page, await context.newCDPSession(page));
	}

	constructor(context, page, session) {
		Object.assign(this, { context, page, session });
		this.isLasting = false;
		this.origins = new Set();
		this.newPage = context.newPage.bind(context);
		this.isEmulated = false;
		this.viewport = page.viewportSize();
		const lasts = () => {
			this.isLasting = true;
		};
		const emulates = () => {
			this.isEmulated = true;
		};
		for (const one of [context, page]) {
			watch(one, LASTING, lasts);
			watch(one, EMULATION, emulates);
		}
		watch(context.clock, LASTING_OF_CLOCK, lasts);
	}

	/** For a test with this screen: its first page is there already. */
	async lend(screen) {
		const { context, page } = this;
		await this.show(page, screen);
		context.newPage = async () => {
			context.newPage = () => this.newPage().then((another) => this.show(another, screen));
			context.emit("page", page);
			return page;
		};
		context.on("page", (another) => this.collectOrigins(another));
		this.isEmulated = Object.keys(screen).length > 0;
	}

	/** Gives a page a screen; resolves to the page. */
	async show(page, { viewport, ...media }) {
		if (viewport) await page.setViewportSize(viewport);
		if (Object.keys(media).length > 0) await page.emulateMedia(media);
		return page;
	}

	/** Remembers whose storage must be cleared. */
	collectOrigins(page) {
		page.on("framenavigated", (frame) => {
			const address = frame.url();
			if (/^https?:/.test(address)) this.origins.add(new URL(address).origin);
		});
	}

	async resetEmulation() {
		const { context, page } = this;
		await context.setOffline(false);
		await context.clearPermissions();
		await page.emulateMedia({
			media: null,
			colorScheme: null,
			forcedColors: null,
			reducedMotion: null,
		});
		if (this.viewport) await page.setViewportSize(this.viewport);
		this.isEmulated = false;
	}

	/** Removes what the test left; resolves to whether that was possible. */
	async clean() {
		if (this.isLasting) return false;
		try {
			await this.removeTraces();
			return true;
		} catch {
			return false; // such as a page that has crashed
		}
	}

	async removeTraces() {
		const { context, page, session } = this;
		await Promise.all(context.pages().map((one) => one !== page && one.close()));
		for (const one of [context, page]) for (const event of EVENTS) one.removeAllListeners(event);
		// The page's own code has ended before its storage is cleared.
		const blank = (route) => route.fulfill({ contentType: "text/html", body: BLANK });
		await page.route("**", blank);
		for (const origin of this.origins) {
			await page.goto(`${origin}/between-two-tests`);
			await page.evaluate(() => {
				sessionStorage.clear();
				window.name = "";
			});
			await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
		}
		this.origins.clear();
		for (const one of [page, context]) await one.unrouteAll({ behavior: "ignoreErrors" });
		if (this.isEmulated) await this.resetEmulation();
		await page.mouse.move(0, 0);
		await context.clearCookies();
		await session.send("Network.clearBrowserCache");
		await session.send("Page.resetNavigationHistory");
	}
}

/** The profiles of one browser. */
export class Profiles {
	#browser;
	#areKept;
	#free = []; // { key, profile }, the oldest first
	#lent = new Map(); // by the context

	/** areKept: for other tests, which Firefox cannot. */
	constructor(browser, areKept) {
		this.#browser = browser;
		this.#areKept = areKept;
	}

	/** A context with playwright's options, until it is given back. */
	async take(options = {}) {
		if (!this.#areKept) return newContext(this.#browser, options);
		const { viewport, colorScheme, forcedColors, reducedMotion, ...others } = options;
		const media = { viewport, colorScheme, forcedColors, reducedMotion };
		const screen = Object.fromEntries(Object.entries(media).filter(([, value]) => value));
		const key = JSON.stringify(others);
		const i = this.#free.findLastIndex((one) => one.key === key);
		const [one] =
			i < 0
				? [{ key, profile: await Profile.create(this.#browser, others) }]
				: this.#free.splice(i, 1);
		await one.profile.lend(screen);
		this.#lent.set(one.profile.context, one);
		return one.profile.context;
	}

	/** The test has ended. */
	async giveBack(context) {
		const one = this.#lent.get(context);
		this.#lent.delete(context);
		if (!(await one?.profile.clean())) return void (await context.close());
		this.#free.push(one);
		while (this.#free.length > KEPT_MAX) await this.#free.shift().profile.context.close();
	}
}

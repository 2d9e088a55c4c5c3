// Files in the widget: sent by visitors, and shown to them. What a page may show of a file: widget/test/pictures.test.ts.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { addUser } from "../e2e/accounts.mjs";
import { until } from "../e2e/harness.mjs";
import { WIDGET } from "../e2e/tool.mjs";
import { changeWidget } from "../e2e/visitors.mjs";
import { assertAccessible, takePicture } from "./accessibility.mjs";
import { missing } from "./browser.mjs";
import { OperatorPage } from "./operator-page.mjs";
import { BOMB, fileOf, GIF_SCRIPT, pngOf } from "./picture-files.mjs";
import { give, NarrowWay, Sendings } from "./sending.mjs";
import { isFocused, useSite } from "./site.mjs";

const PICTURE = pngOf(640, 400);
const NOISE = pngOf(800, 800, { isNoise: true });
/** So much of NOISE reaches the server before its way is cut, in bytes. */
const PART = 600_000;
const PHONE = { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true };
const LONG = `${"a-very-long-name-without-any-space-".repeat(6)}.txt`;
const SVG = Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>");
const ALLOWED = { settings: { files: { allow: true } } };

const textFile = (name) => fileOf(name, Buffer.from(`text of ${name}`));

describe("files in the widget", { skip: missing }, () => {
	const site = useSite();
	const { banter } = site;
	let widget;
	let way;
	before(async () => {
		widget = await site.createWidget(ALLOWED);
		way = await NarrowWay.open(site.banter.port, PART);
	});
	after(() => way.close());

	const visit = async (options = {}, page = {}) =>
		site.visitWidget(widget.widget_id, await site.newContext(options), page);
	const open = async (options, page) => (await visit(options, page)).open();
	const input = ({ chat }) => chat.locator("input[type=file]").first();
	const tray = ({ chat }) => chat.locator(".tray > li");
	const send = ({ chat }) => chat.getByRole("button", { name: "Send message" });
	const picture = ({ chat }, name) => chat.getByRole("button", { name: `Show ${name}` });
	const states = (visitor) => tray(visitor).evaluateAll((all) => all.map((one) => one.className));

	async function statesUntil(visitor, wanted) {
		let now = [];
		await until(
			() => `the files are ${wanted}, not ${now}`,
			async () => {
				now = await states(visitor);
				return JSON.stringify(now) === JSON.stringify(wanted);
			},
		);
	}

	async function attach(visitor, ...files) {
		await input(visitor).waitFor({ state: "attached" });
		await input(visitor).setInputFiles(files);
	}

	const drawn = (visitor, name) =>
		until(`${name} is drawn`, () =>
			picture(visitor, name)
				.locator("canvas")
				.evaluate(({ width }) => width > 1),
		);

	/** The messages of visitors of this widget, newest conversation first. */
	async function stored(id = widget.id) {
		const { conversations } = await site.admin("GET", `conversations?widget=${id}`);
		const [first] = conversations;
		if (!first) return [];
		const { messages } = await site.admin("GET", `conversations/${first._id}`);
		return messages.filter(({ role }) => role === "user");
	}

	async function lastStored(count, id) {
		let last;
		await until(`${count} files are stored`, async () => {
			last = (await stored(id)).at(-1);
			return last?.files?.length === count;
		});
		return last;
	}

	async function bytesOf({ url }) {
		return Buffer.from(await (await fetch(banter.url + url)).arrayBuffer());
	}

	it("are chosen before the first message, sent without a text, and shown after a reload, too", async () => {
		const visitor = await open();
		await attach(visitor, fileOf("hinge.png", PICTURE), textFile("a.txt"));
		await statesUntil(visitor, ["done", "done"]);
		await send(visitor).click();
		await drawn(visitor, "hinge.png");
		const { content, files } = await lastStored(2);
		assert.equal(content, "");
		assert.deepEqual(await bytesOf(files[0]), PICTURE);
		assert.equal(await tray(visitor).count(), 0);
		assert.ok(await send(visitor).isDisabled());
		await visitor.page.reload();
		await drawn(visitor, "hinge.png");
		const download = visitor.page.waitForEvent("download");
		await visitor.chat.getByRole("button", { name: "a.txt" }).click();
		assert.equal((await download).suggestedFilename(), "a.txt");
		assert.deepEqual(visitor.complaints, []);
	});

	it("are shown in a viewer, which keys move, and Escape closes without the chat", async () => {
		const visitor = await open();
		const { page } = visitor;
		await attach(visitor, fileOf("one.png", PICTURE), fileOf("two.gif", GIF_SCRIPT));
		await statesUntil(visitor, ["done", "done"]);
		await send(visitor).click();
		await drawn(visitor, "one.png");
		await picture(visitor, "one.png").focus();
		await page.keyboard.press("Enter");
		const viewer = page.getByRole("dialog", { name: "one.png" });
		const first = viewer.getByRole("img", { name: "one.png" });
		await first.waitFor();
		const width = () => first.evaluate(({ clientWidth }) => clientWidth);
		const before = await width();
		await page.keyboard.press("+");
		assert.ok((await width()) > before);
		await page.keyboard.press("0");
		assert.equal(await width(), before);
		await assertAccessible(page, "files-viewer");
		await page.keyboard.press("ArrowRight");
		await page.getByRole("img", { name: "two.gif" }).waitFor();
		await page.keyboard.press("ArrowLeft");
		await first.waitFor();
		await page.keyboard.press("Escape");
		await viewer.waitFor({ state: "detached" });
		assert.ok(await isFocused(picture(visitor, "one.png")));
		assert.ok(await visitor.chat.isVisible(), "Escape has closed the viewer alone");
	});

	it("keep the room of a picture, so that nothing jumps when it comes", async () => {
		const visitor = await open();
		const { page } = visitor;
		await attach(visitor, fileOf("late.png", PICTURE));
		await statesUntil(visitor, ["done"]);
		await visitor.say("Here it is");
		await visitor.logUntil("it is said", (text) => text.includes("Here it is"));
		await visitor.stop.waitFor({ state: "hidden" });
		await lastStored(1);
		let release;
		const held = new Promise((resolve) => {
			release = resolve;
		});
		await page.route("**/v1/files/**", async (route) => {
			await held;
			await route.continue();
		});
		await page.reload();
		await picture(visitor, "late.png").waitFor();
		const room = () => picture(visitor, "late.png").evaluate((node) => node.offsetHeight);
		const before = await room();
		assert.ok(before > 100);
		release();
		await drawn(visitor, "late.png");
		assert.equal(await room(), before);
	});

	it("show how far they are, can be cancelled, and wait without a connection", async () => {
		const visitor = await open({}, { server: way.url });
		const { page } = visitor;
		// Loads the code before the network is gone.
		await attach(visitor, textFile("first.txt"));
		await statesUntil(visitor, ["done"]);
		const sendings = new Sendings(page, banter);
		await attach(visitor, fileOf("noise.png", NOISE));
		const bar = visitor.chat.getByRole("progressbar", { name: "noise.png" });
		await until("a part is sent", () => bar.evaluate(({ value }) => value > 0.05));
		await until("the server has a part", () => sendings.isBegun());
		way.cut();
		await until("it waits", async () => (await states(visitor))[1] === "waiting");
		assert.ok(await send(visitor).isDisabled());
		await visitor.box.fill("Not yet");
		await visitor.box.press("Enter");
		assert.equal(await visitor.box.inputValue(), "Not yet", "Return sends nothing either");
		way.mend(PART);
		await until("it goes on", () => sendings.offsets.length > 1);
		const [, at] = sendings.offsets;
		assert.ok(at > 0 && at <= PART && at % 65536 === 0, `from ${sendings.offsets}`);
		const size = NOISE.length;
		await until("more is sent", () => bar.evaluate(({ value }, from) => value > from, at / size));
		await visitor.chat.getByRole("button", { name: "Remove noise.png" }).click();
		await statesUntil(visitor, ["done"]);
		const first = visitor.chat.getByRole("button", { name: "Remove first.txt" });
		assert.ok(await isFocused(first));
		await first.click();
		assert.ok(await isFocused(visitor.box));
		assert.ok(await send(visitor).isEnabled());
	});

	it("go on after a reload in the middle, and are sent with the text", async () => {
		way.mend(PART);
		const visitor = await open({}, { server: way.url });
		const { page } = visitor;
		const sendings = new Sendings(page, banter);
		await attach(visitor, fileOf("noise.png", NOISE));
		await until("the server has a part", () => sendings.isBegun());
		way.cut();
		await until("it waits", async () => (await states(visitor))[0] === "waiting");
		way.mend();
		await page.reload();
		await statesUntil(visitor, ["done"]);
		assert.ok(sendings.offsets.at(-1) > 0, `it went on from ${sendings.offsets}`);
		await visitor.box.fill("Here it is");
		await visitor.box.press("Enter");
		const { content, files } = await lastStored(1);
		assert.equal(content, "Here it is");
		assert.deepEqual(await bytesOf(files[0]), NOISE);
		await page.reload();
		await drawn(visitor, "noise.png");
		assert.equal(await tray(visitor).count(), 0, "it is kept no longer");
	});

	it("are pasted and dropped; more than five are not taken", async () => {
		const visitor = await open();
		await input(visitor).waitFor({ state: "attached" });
		await give(visitor.box, "paste", "pasted.txt");
		await statesUntil(visitor, ["done"]);
		const log = visitor.chat.getByRole("log");
		await give(log, "dragover", "dropped.txt");
		await visitor.page.locator("banter-chat").locator(".dropping").waitFor({ state: "attached" });
		await give(log, "drop", "dropped.txt");
		await statesUntil(visitor, ["done", "done"]);
		assert.equal(await visitor.page.locator("banter-chat").locator(".dropping").count(), 0);
		await attach(visitor, ...["3", "4", "5", "6"].map((n) => textFile(`${n}.txt`)));
		await visitor.chat.getByText("Files in a message: at most 5").waitFor();
		await statesUntil(visitor, [...Array(5).fill("done"), ""]);
		await send(visitor).click();
		await lastStored(5);
	});

	it("say why they are refused, and what to do", async () => {
		const visitor = await open();
		await attach(
			visitor,
			fileOf("drawing.svg", SVG),
			fileOf("large.png", Buffer.concat([PICTURE, Buffer.alloc(11e6)])),
			fileOf("nothing.txt", Buffer.alloc(0)),
		);
		await statesUntil(visitor, ["failed", "failed", "failed"]);
		const texts = await tray(visitor).locator(".file-state").allTextContents();
		assert.match(texts[0], /^Files of this type are not accepted, only: JPEG, PNG/);
		assert.equal(texts[1], "The file is too large: at most 10.5 MB. Choose a smaller one");
		assert.equal(texts[2], "The file is empty. Choose another one");
		assert.ok(await send(visitor).isDisabled());
		await visitor.chat.getByRole("button", { name: "Remove drawing.svg" }).click();
		await visitor.chat.getByRole("button", { name: "Remove large.png" }).click();
		await visitor.chat.getByRole("button", { name: "Remove nothing.txt" }).click();
		assert.equal(await tray(visitor).isVisible(), false);
	});

	it("of a blocked visitor, beyond the quota and of no connection are refused in words", async () => {
		const visitor = await open();
		const { page } = visitor;
		await attach(visitor, textFile("first.txt"));
		await statesUntil(visitor, ["done"]);
		// What a server answers then; that it does: files.test.mjs and blocks.test.mjs.
		const answers = [
			[403, "blocked", "You cannot send files in this chat any more"],
			[507, "files_full", "There is no room for more files. Describe it in words, please"],
			[429, "too_many_files", "Too many files wait to be sent. Try again later"],
		];
		for (const [status, code, text] of answers) {
			const path = `**/api/widget/*/files?*`;
			const headers = { "access-control-allow-origin": "*" };
			await page.route(path, (route) => route.fulfill({ status, headers, json: { code } }));
			await attach(visitor, textFile(`${code}.txt`));
			await visitor.chat.getByText(text).waitFor();
			await page.unroute(path);
		}
		const again = visitor.chat.getByRole("button", { name: "Try again" });
		assert.equal(await again.count(), 2, "nothing helps a blocked visitor");
		await again.first().click();
		await statesUntil(visitor, ["done", "failed", "done", "failed"]);
	});

	it("that the server has no more say what to do, and are not sent again as they are", async () => {
		const visitor = await open();
		const { page, chat } = visitor;
		const [answer] = await Promise.all([
			page.waitForResponse((one) => /\/files\?/.test(one.url()) && one.status() === 201),
			attach(visitor, textFile("lost.txt")),
		]);
		const { id, token } = await answer.json();
		await statesUntil(visitor, ["done"]);
		const headers = { "upload-token": token };
		await fetch(`${banter.url}/v1/files/${id}`, { method: "DELETE", headers });
		await visitor.box.fill("Here it is");
		await send(visitor).click();
		await chat.getByText("A file of it is no longer stored. Choose it again").waitFor();
		await chat.getByText("This message couldn’t be sent.").waitFor();
		assert.equal(await chat.getByRole("button", { name: "Try again" }).count(), 0);
		await assertAccessible(page, "files-lost");
		await takePicture(page, "files-lost");
		await attach(visitor, textFile("lost.txt"));
		await statesUntil(visitor, ["done"]);
		await visitor.box.fill("Once more");
		await send(visitor).click();
		assert.equal((await lastStored(1)).content, "Once more");
	});

	/** The scopes of what the browser keeps. */
	const kept = ({ page }, ...added) =>
		page.evaluate(
			(scopes) =>
				new Promise((resolve) => {
					const request = indexedDB.open("banter-files", 1);
					request.onsuccess = () => {
						const rows = request.result.transaction("files", "readwrite").objectStore("files");
						for (const scope of scopes)
							rows.put({ key: scope, scope, at: Date.now(), name: "x", blob: new Blob(["x"]) });
						const all = rows.getAll();
						all.onsuccess = () => {
							request.result.close();
							resolve(all.result.map(({ scope }) => scope));
						};
					};
				}),
			added,
		);

	for (const [name, isReloaded] of [
		["at once", false],
		["before the chat is opened", true],
	])
		it(`are forgotten at a reset(), but not those of others: ${name}`, async () => {
			const visitor = await open();
			const { page } = visitor;
			const [answer] = await Promise.all([
				page.waitForResponse((one) => /\/files\?/.test(one.url()) && one.status() === 201),
				attach(visitor, textFile("secret.txt")),
			]);
			const { id, token } = await answer.json();
			await statesUntil(visitor, ["done"]);
			const key = await page.evaluate(() =>
				Object.keys(sessionStorage).find((one) => one.startsWith("banter.files")),
			);
			assert.equal((await kept(visitor, `${key} closed`, `${key}2 other`)).length, 3);
			if (isReloaded) {
				await page.evaluate(() => window.banter.close());
				await page.reload();
			}
			await page.evaluate(() => window.banter.reset());
			await until("they are removed", async () => {
				const scopes = await kept(visitor);
				return scopes.length === 1 && scopes[0] === `${key}2 other`;
			});
			await page.evaluate(() => window.banter.open());
			// What is kept would be there before a new one is.
			await attach(visitor, textFile("new.txt"));
			await statesUntil(visitor, ["done"]);
			const headers = { "upload-token": token };
			if (!isReloaded)
				await until("the server has it no more", async () => {
					const { status } = await fetch(`${banter.url}/v1/files/${id}`, {
						method: "HEAD",
						headers,
					});
					return status === 404;
				});
		});

	it("that are gone, or whose address has expired, say so", async () => {
		const visitor = await open();
		const { page } = visitor;
		await attach(visitor, textFile("one.txt"), textFile("two.txt"));
		await statesUntil(visitor, ["done", "done"]);
		await send(visitor).click();
		const { files } = await lastStored(2);
		await page.reload();
		const headers = { "access-control-allow-origin": "*" };
		await page.route(`**/v1/files/${files[0].id}?**`, (route) =>
			route.fulfill({ status: 410, headers }),
		);
		await page.route(`**/v1/files/${files[1].id}?**`, (route) =>
			route.fulfill({ status: 404, headers }),
		);
		await visitor.chat.getByTitle("Save one.txt").click();
		await visitor.chat.getByText("The address has expired. Reload the page").waitFor();
		await visitor.chat.getByTitle("Save two.txt").click();
		await visitor.chat.getByText("This file is no longer stored. Ask for it again").waitFor();
	});

	it("are sent by one of two tabs, and shown in both", async () => {
		const visitor = await open();
		await attach(visitor, fileOf("hinge.png", PICTURE));
		await statesUntil(visitor, ["done"]);
		// Like a tab that the visitor duplicates.
		const [key, scope] = await visitor.page.evaluate(() =>
			Object.entries(sessionStorage).find(([name]) => name.startsWith("banter.files")),
		);
		await visitor.context.addInitScript(
			([name, value]) => sessionStorage.setItem(name, value),
			[key, scope],
		);
		const other = await site.visitWidget(widget.widget_id, visitor.context);
		await other.chat.waitFor();
		await input(other).waitFor({ state: "attached" });
		await attach(other, textFile("own.txt"));
		await statesUntil(other, ["done"]);
		await send(visitor).click();
		await drawn(other, "hinge.png");
		await send(other).click();
		await other.chat.getByText("own.txt").first().waitFor();
		await until("both are stored", async () => (await stored()).length === 2);
		const names = (await stored()).map(({ files }) => files.map(({ name }) => name).join());
		assert.deepEqual(names, ["hinge.png", "own.txt"]);
	});

	it("of a large picture are made smaller, and of one that nobody may decode are only saved", async () => {
		const visitor = await open();
		await attach(visitor, fileOf("large.png", pngOf(2600, 1300)), fileOf("bomb.png", BOMB));
		await statesUntil(visitor, ["done", "done"]);
		await send(visitor).click();
		const { files } = await lastStored(2);
		const bytes = await bytesOf(files[0]);
		assert.deepEqual([bytes.readUInt32BE(16), bytes.readUInt32BE(20)], [2048, 1024]);
		assert.deepEqual(await bytesOf(files[1]), BOMB);
		await visitor.chat.getByTitle("Save bomb.png").waitFor();
	});

	it("of a picture are decoded once, for the thumbnail and for what is sent", async () => {
		const visitor = await open();
		await visitor.page.evaluate(() => {
			window.decoded = 0;
			const { createImageBitmap } = window;
			window.createImageBitmap = (...args) => {
				window.decoded++;
				return createImageBitmap(...args);
			};
		});
		await attach(visitor, fileOf("large.png", pngOf(2600, 1300)));
		await statesUntil(visitor, ["done"]);
		const thumbnail = tray(visitor).locator("canvas");
		await thumbnail.waitFor();
		assert.equal(await thumbnail.evaluate(({ width }) => width), 96);
		assert.equal(await visitor.page.evaluate(() => window.decoded), 1);
	});

	it("reach the operator, whose own ones reach the visitor", async () => {
		const jane = await addUser(banter, "jane@files.example", "--name", "Jane");
		const visitor = await open();
		await attach(visitor, fileOf("hinge.png", PICTURE));
		await statesUntil(visitor, ["done"]);
		const words = "Describe hinge.png for people who cannot see it";
		await visitor.chat.getByRole("button", { name: words }).click();
		await visitor.page.keyboard.type("The left hinge");
		await assertAccessible(visitor.page, "files-described");
		await visitor.page.keyboard.press("Enter");
		await statesUntil(visitor, ["done"]);
		await visitor.say("It is broken");
		assert.equal((await lastStored(1)).files[0].description, "The left hinge");
		await picture(visitor, "hinge.png: The left hinge").waitFor();
		const { conversations } = await site.admin("GET", `conversations?widget=${widget.id}`);
		const operator = await OperatorPage.open(site, conversations[0]._id, jane);
		await operator.page.getByRole("button", { name: "Show hinge.png: The left hinge" }).waitFor();
		await operator.takeOver();
		await operator.page
			.locator(".composer input[type=file]")
			.setInputFiles([fileOf("part.png", PICTURE), textFile("manual.txt")]);
		const ready = operator.page.locator(".tray li.done");
		await until("they are ready", async () => (await ready.count()) === 2);
		await operator.page.getByRole("button", { name: "Send", exact: true }).click();
		await drawn(visitor, "part.png");
		await visitor.chat.getByTitle("Save manual.txt").waitFor();
		await until("it is announced", async () =>
			(await visitor.live.textContent()).includes("part.png"),
		);
	});

	it("have the description that was typed just before Send, and none that was cleared", async () => {
		const visitor = await open();
		const { page } = visitor;
		const field = async (name) => {
			const words = `Describe ${name} for people who cannot see it`;
			await visitor.chat.getByRole("button", { name: words }).click();
			return visitor.chat.getByRole("textbox", { name: words });
		};
		await attach(visitor, fileOf("kept.png", PICTURE), fileOf("cleared.png", PICTURE));
		await statesUntil(visitor, ["done", "done"]);
		const told = () =>
			page.waitForResponse((one) => one.request().method() === "PUT" && one.status() === 204);
		const cleared = await field("cleared.png");
		await cleared.fill("Wrong");
		await Promise.all([told(), cleared.press("Enter")]);
		await (await field("cleared.png")).fill("");
		await Promise.all([told(), cleared.press("Enter")]);
		await (await field("kept.png")).fill("The left hinge");
		await send(visitor).click();
		const { files } = await lastStored(2);
		assert.deepEqual(
			files.map(({ name, description }) => [name, description]),
			[
				["kept.png", "The left hinge"],
				["cleared.png", undefined],
			],
		);
	});

	it("that cannot be read, or are announced in vain, let the others go", async () => {
		const visitor = await open();
		const { page } = visitor;
		await page.route("**/api/widget/*/files?*", async (route) => {
			const { name } = route.request().postDataJSON();
			const headers = { "access-control-allow-origin": "*" };
			if (name === "busy.txt") await route.fulfill({ status: 503, headers, body: "<html>" });
			else if (name === "page.txt") await route.fulfill({ headers, body: "<html>" });
			else await route.continue();
		});
		await input(visitor).waitFor({ state: "attached" });
		await page.evaluate(() => {
			// As the browser does with a folder, or a file that is gone.
			const { slice } = Blob.prototype;
			Blob.prototype.slice = function (...args) {
				const part = slice.apply(this, args);
				if (this.name === "gone.txt") part.arrayBuffer = () => Promise.reject(new Error("gone"));
				return part;
			};
		});
		await attach(
			visitor,
			...["gone", "busy", "page", "good"].map((name) => textFile(`${name}.txt`)),
		);
		await statesUntil(visitor, ["failed", "waiting", "failed", "done"]);
	});

	it("are sent by the tag with a key, too", async () => {
		await changeWidget(banter, { id: WIDGET }, ALLOWED);
		const visitor = await (await site.visit()).open();
		await attach(visitor, textFile("key.txt"));
		await statesUntil(visitor, ["done"]);
		await send(visitor).click();
		await lastStored(1, WIDGET);
		await changeWidget(banter, { id: WIDGET }, { settings: {} });
	});

	it("have no button, and load nothing, in a widget that takes none", async () => {
		const none = await site.createWidget({});
		const loaded = [];
		const context = await site.newContext();
		context.on("request", (one) => loaded.push(new URL(one.url()).pathname));
		const visitor = await (await site.visitWidget(none.widget_id, context)).open();
		await visitor.say("Hello");
		await visitor.logUntil("it is said", (text) => text.includes("Hello"));
		assert.ok(loaded.some((path) => path.includes("chat-part-log-")));
		assert.deepEqual(
			loaded.filter((path) => /attach|files/.test(path)),
			[],
		);
		assert.equal(await input(visitor).count(), 0);
	});

	it("offer the camera on a phone, if the widget takes photos", async () => {
		const visitor = await visit(PHONE);
		await visitor.page.locator("banter-chat").locator("button").first().click();
		const camera = visitor.chat.getByRole("button", { name: "Take a photo" });
		await camera.waitFor();
		const [chooser] = await Promise.all([visitor.page.waitForEvent("filechooser"), camera.click()]);
		assert.equal(await chooser.element().getAttribute("capture"), "environment");
		await chooser.setFiles([fileOf("photo.jpg", PICTURE, "image/jpeg")]);
		await statesUntil(visitor, ["done"]);
		await visitor.box.fill("A text needs the room");
		await camera.waitFor({ state: "hidden" });
	});

	for (const [name, options, page] of [
		["light", {}, {}],
		["dark", { colorScheme: "dark" }, {}],
		["phone", PHONE, {}],
		["phone-rtl", { ...PHONE, colorScheme: "dark" }, { lang: "ar", dir: "rtl" }],
	])
		it(`are accessible, and fit: ${name}`, async () => {
			const visitor = await visit(options, page);
			await visitor.page.locator("banter-chat").locator("button").first().click();
			await visitor.chat.waitFor();
			await attach(
				visitor,
				fileOf("hinge.png", PICTURE),
				fileOf(LONG, Buffer.from("text")),
				fileOf("x.svg", SVG),
			);
			await statesUntil(visitor, ["done", "done", "failed"]);
			await assertAccessible(visitor.page, `files-tray-${name}`);
			const fits = () =>
				visitor.chat.evaluate((node) =>
					[node, ...node.querySelectorAll(".log, .composer, .tray, .files")].every(
						({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth,
					),
				);
			assert.ok(await fits());
			await visitor.chat.locator(".file-remove").last().click();
			await attach(visitor, fileOf("second.png", pngOf(300, 500)));
			await statesUntil(visitor, ["done", "done", "done"]);
			await visitor.chat.locator("textarea").fill("Both of them");
			await visitor.chat.locator("textarea").press("Enter");
			// Pictures outside of the list's window are not drawn.
			await visitor.chat.locator(".file-picture").first().scrollIntoViewIfNeeded();
			await visitor.chat.locator(".file-picture canvas").first().waitFor();
			await assertAccessible(visitor.page, `files-sent-${name}`);
			assert.ok(await fits());
			await takePicture(visitor.page, `files-sent-${name}`);
		});
});

describe("files in the widget of a server with other limits", { skip: missing }, () => {
	const site = useSite({}, [], { FILES_PER_MESSAGE: "2", FILES_EACH_MAX_BYTES: "100K" });

	it("are refused before they are announced", async () => {
		const widget = await site.createWidget(ALLOWED);
		const visitor = await (
			await site.visitWidget(widget.widget_id, await site.newContext())
		).open();
		const announced = [];
		visitor.page.on("request", (one) => {
			if (/\/files\?/.test(one.url())) announced.push(one.postDataJSON().name);
		});
		const files = visitor.chat.locator("input[type=file]").first();
		await files.waitFor({ state: "attached" });
		const large = fileOf("large.txt", Buffer.alloc(102_401, "x"));
		await files.setInputFiles([large, textFile("good.txt"), textFile("third.txt")]);
		await visitor.chat.getByText("Files in a message: at most 2").waitFor();
		await visitor.chat.getByText("The file is too large: at most 102 kB.").waitFor();
		await visitor.chat.locator(".tray > li.done").waitFor();
		assert.deepEqual(announced, ["good.txt"]);
	});
});

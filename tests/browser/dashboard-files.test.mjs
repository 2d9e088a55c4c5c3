// Files that operators send in the dashboard, and what it shows of those of visitors.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { addUser } from "../e2e/accounts.mjs";
import { request } from "../e2e/client.mjs";
import { until } from "../e2e/harness.mjs";
import { KEY } from "../e2e/replies.mjs";
import { WIDGET } from "../e2e/tool.mjs";
import { changeWidget } from "../e2e/visitors.mjs";
import { missing } from "./browser.mjs";
import { assertAccessible, SCREENS } from "./dashboard.mjs";
import { OperatorPage } from "./operator-page.mjs";
import { BOMB, CUT_JPEG, fileOf, GIF_SCRIPT, pngOf } from "./picture-files.mjs";
import { give as giveTo, NarrowWay, Sendings } from "./sending.mjs";
import { isFocused, useSite } from "./site.mjs";

const PICTURE = pngOf(640, 400);
const LONG = `${"a-very-long-name-without-any-space-".repeat(6)}.txt`;

describe("files in the dashboard", { skip: missing }, () => {
	const site = useSite({ areKept: true });
	const { banter } = site;
	let jane;
	before(async () => {
		jane = await addUser(banter, "jane@example.com", "--name", "Jane");
		await changeWidget(banter, { id: WIDGET }, { settings: { files: { allow: true } } });
	});

	async function post(path, body, headers = KEY) {
		const answer = await request(banter.url, "POST", path, { headers, body });
		assert.ok(answer.status < 300, `${path}: ${answer.status} ${answer.text}`);
		return answer.json;
	}

	/** A visitor's message with these files, by the API; resolves to the conversation's id. */
	async function visitorSends(sessionId, files, message = "") {
		const ids = [];
		for (const { name, buffer } of files) {
			const { id, token } = await post("/v1/chat/files", { sessionId, name, bytes: buffer.length });
			const { status } = await fetch(`${banter.url}/v1/files/${id}`, {
				method: "PATCH",
				headers: { "upload-token": token, "upload-offset": "0" },
				body: buffer,
			});
			assert.equal(status, 200);
			ids.push(id);
		}
		return (await post("/v1/chat", { sessionId, message, files: ids })).conversationId;
	}

	const talk = async (sessionId) => (await banter.chat(sessionId, "Hello")).json.conversationId;

	const open = (id, options = {}) => OperatorPage.open(site, id, jane, options);
	const input = ({ page }) => page.locator(".composer input[type=file]");
	const tray = ({ page }) => page.locator(".tray li");
	const states = (operator) => tray(operator).evaluateAll((all) => all.map((one) => one.className));
	const statesUntil = (operator, wanted) =>
		until(
			() => `the files are ${wanted}`,
			async () => JSON.stringify(await states(operator)) === JSON.stringify(wanted),
		);
	const sendButton = ({ page }) =>
		page.getByRole("button", { name: /^(Send|Take over and send)$/ });

	/** What is stored in the conversation's last message. */
	async function last(id) {
		const { messages } = await site.admin("GET", `conversations/${id}?latest=true`);
		return messages.at(-1);
	}

	async function bytesOf({ url }) {
		return Buffer.from(await (await fetch(banter.url + url)).arrayBuffer());
	}

	it("are chosen, sent without a text, and shown: pictures in a viewer, others by their name", async () => {
		const id = await talk("chosen");
		const operator = await open(id);
		const { page } = operator;
		await input(operator).setInputFiles([
			fileOf("hinge.png", PICTURE),
			fileOf("notes.txt", Buffer.from("Some notes")),
		]);
		await statesUntil(operator, ["done", "done"]);
		await operator.takeOver();
		await sendButton(operator).click();
		await until("they are stored", async () => (await last(id)).files?.length === 2);
		const { content, files } = await last(id);
		assert.equal(content, "");
		assert.deepEqual(
			files.map(({ name, type, bytes }) => [name, type, bytes]),
			[
				["hinge.png", "image/png", PICTURE.length],
				["notes.txt", "text/plain; charset=utf-8", 10],
			],
		);
		assert.deepEqual(await bytesOf(files[0]), PICTURE);
		assert.equal(await tray(operator).count(), 0);
		const picture = page.getByRole("button", { name: "Show hinge.png" });
		await page.reload();
		await picture.waitFor();
		await until("the picture is there", () =>
			picture.locator("canvas").evaluate(({ width, height }) => width === 512 && height === 320),
		);
		const download = page.waitForEvent("download");
		await page.getByRole("button", { name: /^notes\.txt/ }).click();
		assert.equal((await download).suggestedFilename(), "notes.txt");
		await picture.click();
		const viewer = page.getByRole("dialog", { name: "hinge.png" });
		await viewer.waitFor();
		const drawn = viewer.getByRole("img", { name: "hinge.png" });
		const width = () => drawn.evaluate((image) => image.clientWidth);
		await until("it is drawn", async () => (await width()) > 0);
		const before = await width();
		await page.keyboard.press("+");
		assert.ok((await width()) > before);
		await page.keyboard.press("0");
		assert.equal(await width(), before);
		await page.keyboard.press("Escape");
		await viewer.waitFor({ state: "detached" });
		assert.ok(await isFocused(picture), "the focus is back");
		assert.deepEqual(operator.complaints, []);
	});

	it("are pasted and dropped into a reply, not into a note", async () => {
		const operator = await open(await talk("dropped"));
		const { page } = operator;
		const give = (selector, type, name) => giveTo(page.locator(selector), type, name);
		await give(".writing-field", "paste", "pasted.txt");
		await statesUntil(operator, ["done"]);
		await give(".thread-box", "drop", "dropped.txt");
		await statesUntil(operator, ["done", "done"]);
		await page.getByRole("button", { name: "Remove pasted.txt" }).click();
		await statesUntil(operator, ["done"]);
		await page.getByText("Note", { exact: true }).click();
		await give(".writing-field", "paste", "note.txt");
		assert.equal(await tray(operator).count(), 0);
		await page.getByText("Reply", { exact: true }).click();
		await statesUntil(operator, ["done"]);
		await give(".thread-box", "drop", "1.txt");
		for (const name of ["2.txt", "3.txt", "4.txt"]) await give(".thread-box", "drop", name);
		await statesUntil(operator, Array(5).fill("done"));
		await give(".thread-box", "drop", "5.txt");
		await page.getByText("Files in a message: at most 5").waitFor();
		assert.equal((await states(operator)).filter((one) => one === "done").length, 5);
	});

	it("say why they are refused", async () => {
		const operator = await open(await talk("refused"));
		const svg = Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>");
		await input(operator).setInputFiles([
			fileOf("a.png", svg),
			fileOf("large.png", Buffer.concat([PICTURE, Buffer.alloc(11e6)])),
			fileOf("nothing.txt", Buffer.alloc(0)),
		]);
		await statesUntil(operator, ["failed", "failed", "failed"]);
		const texts = await tray(operator).locator(".file-state").allTextContents();
		assert.match(texts[0], /not accepted, only: JPEG, PNG/);
		assert.equal(texts[1], "The file is too large");
		assert.equal(texts[2], "The file is empty");
		assert.ok(await sendButton(operator).isDisabled());
	});

	it("have the description that was typed just before Send", async () => {
		const id = await talk("described");
		const operator = await open(id);
		const { page } = operator;
		await operator.takeOver();
		await input(operator).setInputFiles([
			fileOf("hinge.png", PICTURE),
			fileOf("part.png", PICTURE),
		]);
		await statesUntil(operator, ["done", "done"]);
		const words = "Describe hinge.png for people who cannot see it";
		await page.getByRole("button", { name: words }).click();
		await page.getByRole("textbox", { name: words }).fill("The left hinge");
		let release;
		const held = new Promise((resolve) => {
			release = resolve;
		});
		let isAsked = false;
		await page.route("**/v1/files/**", async (route) => {
			if (route.request().method() === "PUT") {
				isAsked = true;
				await held;
			}
			await route.continue();
		});
		await operator.box.fill("Here they are");
		await until("the description is on its way", async () => isAsked);
		await sendButton(operator).click();
		await operator.box.fill("Here they are, both");
		release();
		await until("it is stored", async () => (await last(id)).files?.length === 2);
		const { content, files } = await last(id);
		assert.equal(content, "Here they are, both");
		assert.equal(files[0].description, "The left hinge");
		assert.equal(await tray(operator).count(), 0);
		await until("the field is empty", async () => (await operator.box.inputValue()) === "");
	});

	it("that the server has no more are not sent again as they are, and can be taken back", async () => {
		const id = await talk("lost");
		const operator = await open(id);
		const { page } = operator;
		await operator.takeOver();
		const [answer] = await Promise.all([
			page.waitForResponse((one) => one.url().endsWith("/v1/admin/files")),
			input(operator).setInputFiles(fileOf("lost.txt", Buffer.from("lost"))),
		]);
		const { id: file, token } = await answer.json();
		await statesUntil(operator, ["done"]);
		await fetch(`${banter.url}/v1/files/${file}`, {
			method: "DELETE",
			headers: { "upload-token": token },
		});
		await operator.box.fill("Here it is");
		await sendButton(operator).click();
		await page.getByText("A file is not there any more: choose it again.").waitFor();
		assert.equal(await page.getByRole("button", { name: "Try again" }).count(), 0);
		await page.getByRole("button", { name: "Edit" }).click();
		await statesUntil(operator, ["done"]);
		await sendButton(operator).click();
		await until("it is stored", async () => (await last(id)).files?.length === 1);
		assert.equal((await last(id)).content, "Here it is");
	});

	it("are resumed after a lost connection and after a reload", async (t) => {
		const id = await talk("resumed");
		const part = 600_000; // bytes of a connection that reach the server
		const way = await NarrowWay.open(banter.port, part);
		t.after(() => way.close());
		const operator = await open(id, { server: way.url });
		const { page } = operator;
		const bytes = pngOf(800, 800, { isNoise: true });
		const sendings = new Sendings(page, banter);
		const progress = () =>
			tray(operator)
				.locator("progress")
				.evaluate(({ value }) => value);
		await input(operator).setInputFiles(fileOf("noise.png", bytes));
		await until("the server has a part", () => sendings.isBegun());
		way.cut();
		await until("it waits", async () => (await states(operator))[0] === "waiting");
		assert.equal(await tray(operator).locator(".file-state").textContent(), "Waiting to be sent");
		way.mend(part);
		await until("it goes on", async () => sendings.offsets.length > 1);
		const [, second] = sendings.offsets;
		assert.ok(second > 0 && second <= part && second % 65536 === 0, `from ${second}`);
		await until("more is sent", async () => (await progress()) > second / bytes.length);
		way.mend();
		await page.reload();
		await until("it has come back", async () => (await tray(operator).count()) === 1);
		await statesUntil(operator, ["done"]);
		assert.ok(sendings.offsets.at(-1) >= second);
		await operator.takeOver();
		await operator.box.fill("Here it is");
		await sendButton(operator).click();
		await until("it is stored", async () => (await last(id)).files?.length === 1);
		const { content, files } = await last(id);
		assert.equal(content, "Here it is");
		assert.deepEqual(await bytesOf(files[0]), bytes);
		await page.reload();
		await operator.log.waitFor();
		assert.equal(await tray(operator).count(), 0, "it is kept no longer");
	});

	it("of visitors are shown only as pictures that the page has checked", async () => {
		const id = await visitorSends("hostile", [
			fileOf("bomb.png", BOMB),
			fileOf("both.gif", GIF_SCRIPT),
			fileOf("cut.jpg", CUT_JPEG),
			fileOf(LONG, Buffer.from("text")),
		]);
		const operator = await open(id, { viewport: { width: 320, height: 1600 } });
		const { page } = operator;
		for (const name of ["bomb.png", "cut.jpg", LONG])
			await page.getByTitle(`Save ${name}`).waitFor();
		const gif = page.getByRole("button", { name: "Show both.gif" });
		await until("the GIF is drawn", () =>
			gif.locator("canvas").evaluate(({ width }) => width === 1),
		);
		await gif.click();
		const moving = page.getByRole("img", { name: "both.gif" });
		assert.match(await moving.getAttribute("src"), /^blob:/);
		await page.keyboard.press("Escape");
		assert.equal(await page.evaluate(() => window.wasRun), undefined);
		await assertAccessible(page);
	});

	it("that are gone, or whose address has expired, say so", async () => {
		const id = await visitorSends("gone", [
			fileOf("one.txt", Buffer.from("one")),
			fileOf("two.txt", Buffer.from("two")),
		]);
		const operator = await open(id);
		const { page } = operator;
		const { messages } = await site.admin("GET", `conversations/${id}?latest=true`);
		const [one, two] = messages.find(({ files }) => files).files;
		// What a server answers to an old address; that it does: files.test.mjs.
		await page.route(`**/v1/files/${one.id}?**`, (route) => route.fulfill({ status: 410 }));
		await page.route(`**/v1/files/${two.id}?**`, (route) => route.fulfill({ status: 404 }));
		await page.getByTitle("Save one.txt").click();
		await page.getByText("The address has expired. Reload the page").waitFor();
		await page.getByTitle("Save two.txt").click();
		await page.getByText("This file is no longer stored").waitFor();
	});

	for (const [name, screen] of SCREENS)
		it(`are accessible ${name}`, async () => {
			const id = await visitorSends(`looks-${name.replace(/\W/g, "-")}`, [
				fileOf("hinge.png", PICTURE),
				fileOf(LONG, Buffer.from("text")),
			]);
			const operator = await open(id, screen);
			const { page } = operator;
			await input(operator).setInputFiles([
				fileOf("hinge.png", PICTURE),
				fileOf("a.svg", Buffer.from("<svg/>")),
			]);
			await statesUntil(operator, ["done", "failed"]);
			await page.getByRole("button", { name: "Show hinge.png" }).waitFor();
			await assertAccessible(page);
			await page.getByRole("button", { name: "Show hinge.png" }).click();
			await page.getByRole("dialog", { name: "hinge.png" }).waitFor();
			await assertAccessible(page);
		});
});

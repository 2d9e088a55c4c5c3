// The link of a mail brings its reader back into the conversation, in a browser that has never seen it, and the other one
// ends such mails.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Banter, until } from "../e2e/harness.mjs";
import { adminExpect } from "../e2e/organizations.mjs";
import { MailServer } from "../e2e/smtp.mjs";
import { conversationsOf, makeWidget, Visitor } from "../e2e/visitors.mjs";
import { violationsOf } from "./accessibility.mjs";
import { complaintsOf, launch, missing, newContext } from "./browser.mjs";

describe("the links of a mail to a visitor", { skip: missing }, () => {
	const server = new MailServer({});
	let banter, browser, id, back, stop;

	before(async () => {
		await server.start();
		const env = { MAIL_URL: server.url, MAIL_FROM: "banter@mail.example", MAIL_UNSEEN_MS: "1000" };
		banter = new Banter({ env, mail: true });
		await banter.start();
		browser = await launch();
		const widget = await makeWidget(banter, {
			...{ name: "Tea shop", contact_info_mode: "optional", collect_email: true },
			allowed_origins: ["https://shop.example"],
		});
		const visitor = await Visitor.open(banter, widget, { operators: true });
		await visitor.ask("[[echo]] Is the teapot in stock?", "m-1");
		await visitor.introduce({ email: "ann@example.com" });
		await visitor.close();
		[{ _id: id }] = await conversationsOf(banter, widget);
		await adminExpect(banter, 200, "POST", `conversations/${id}/takeover`, { name: "Jane" });
		const content = "Yes, three of them.";
		await adminExpect(banter, 201, "POST", `conversations/${id}/messages`, { content });
		const { text } = await until("the mail", () => server.mails[0]);
		[back] = /http\S+#banter-back=\w+/.exec(text);
		[stop] = /http\S+#banter-stop=\w+/.exec(text);
	});
	after(async () => {
		await browser?.close();
		await banter?.stop();
		await server.stop();
	});

	const open = async (url, options) => {
		const context = await newContext(browser, options);
		const page = await context.newPage();
		const complaints = complaintsOf(page);
		await page.goto(url);
		const chat = page.locator("banter-chat").getByRole("dialog");
		return { context, page, complaints, chat };
	};

	it("continue the conversation, also after a reload", async () => {
		const one = await open(back);
		await one.chat.getByText("Yes, three of them.").waitFor();
		assert.equal(new URL(one.page.url()).hash, "");
		assert.equal(await one.page.title(), "Tea shop");
		await one.chat.getByRole("textbox").fill("I take one.");
		await one.page.keyboard.press("Enter");
		await until("the operator reads it", async () =>
			(await banter.thread(id)).messages.some(({ content }) => content === "I take one."),
		);
		await one.page.reload();
		await one.chat.getByText("I take one.").waitFor();
		assert.deepEqual(one.complaints, []);
		await one.context.close();
	});

	it("work once: who opens one later begins anew", async () => {
		const other = await open(back);
		await other.chat.getByRole("textbox").waitFor();
		assert.equal(await other.chat.getByText("Yes, three of them.").count(), 0);
		assert.deepEqual(other.complaints, []);
		await other.context.close();
	});

	it("end such mails after a click, in the reader's language", async () => {
		const one = await open(stop, { locale: "de-DE", viewport: { width: 360, height: 640 } });
		assert.deepEqual(await violationsOf(one.page, "main"), []);
		await one.page.getByRole("button", { name: "Keine E-Mails mehr schicken" }).click();
		await one.page.getByText("Erledigt.").waitFor();
		assert.deepEqual(one.complaints, []);
		await one.context.close();
	});
});

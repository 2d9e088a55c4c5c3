// Pictures of the widget to look at, in build/pictures/widget: both tags, in each state, on each screen. Each shows a
// panel that fits in its window, in the colours and the direction that were asked for.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { assertFits, takePicture } from "./accessibility.mjs";
import { MARKDOWN, useAccessibleSite } from "./accessible-site.mjs";
import { missing } from "./browser.mjs";

const SCREENS = [
	["360", { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }],
	["768", { viewport: { width: 768, height: 1024 }, hasTouch: true }],
	["1280", { viewport: { width: 1280, height: 800 } }],
];

/** Name, attributes of the tag, the page, more of the screen. */
const LOOKS = [
	["light", { "data-theme": "light" }, {}, {}],
	["dark", { "data-theme": "dark" }, { css: "html { background: #16181d; color: #ddd }" }, {}],
	["RTL", { "data-locale": "ar" }, { lang: "ar", dir: "rtl" }, {}],
	["200 %", {}, {}, { textPx: 32 }],
];

const LONG = [
	"We deliver to **all** of Europe. Most parcels leave our shop on the day of the order and take *two to four days*:",
	MARKDOWN.replace(/^# /, "## "),
	"| Country | Days | Price |\\n|---|---:|---:|\\n| Germany | 2 | 4.90 EUR |\\n| Portugal, with islands | 4 to 6 | 9.90 EUR |",
	"Is there anything else that you would like to know? See [our terms](https://shop.example/terms) for what happens when a parcel is late.",
].join("\\n\\n");

describe("pictures of the widget", { skip: missing }, () => {
	const site = useAccessibleSite();
	const { tags, visitTag } = site;
	let form;
	before(async () => {
		const { widget_id } = await site.createWidget({
			contact_info_mode: "required",
			collect_name: true,
			collect_email: true,
			collect_phone: true,
		});
		form = { ...tags["data-widget"], "data-widget": widget_id };
	});

	const launcher = ({ page }) => page.locator("banter-chat .launcher");

	async function say(visitor, text) {
		const box = visitor.chat.locator("textarea");
		await box.fill(text);
		await box.press("Enter");
	}

	const answered = new Set();

	/** A person answers in the conversation in which nobody has yet. Another test's may be newer: its page was offline. */
	async function operate(content) {
		const { _id } = await until("it is listed", async () => {
			const { conversations } = await site.admin("GET", "conversations?limit=200");
			return conversations.find((one) => !answered.has(one._id));
		});
		answered.add(_id);
		await site.admin("POST", `conversations/${_id}/takeover`, { name: "Ann Smith" });
		await site.admin("POST", `conversations/${_id}/messages`, { content });
	}

	for (const kind of Object.keys(tags))
		for (const [width, screen] of SCREENS)
			for (const [look, attributes, page, text] of LOOKS) {
				const name = `${kind} ${width} ${look}`;
				const take = async (visitor, state) => {
					if (state !== "closed") await assertFits(visitor.chat);
					await takePicture(visitor.page, `${kind} ${state} ${width} ${look}`, "widget");
				};

				it(name, async () => {
					const visitor = await visitTag({ ...tags[kind], ...attributes }, page, {
						...screen,
						...text,
					});
					await launcher(visitor).waitFor();
					await take(visitor, "closed");
					await launcher(visitor).click();
					await visitor.chat.waitFor();
					await take(visitor, "empty");
					await say(
						visitor,
						`[[text="${LONG}"]] Do you deliver to Portugal, and how long does it take?`,
					);
					await visitor.logUntil("the reply is there", (log) => log.includes("a parcel is late"));
					await visitor.chat.locator(".stop").waitFor({ state: "hidden" });
					await take(visitor, "chatting");
					await operate(
						"Good morning, this is Ann. I have looked up your parcel: it is on its way.",
					);
					await visitor.logUntil("a person answers", (log) => log.includes("it is on its way"));
					await take(visitor, "operator");
					await visitor.context.setOffline(true);
					await say(visitor, "When will it be here?");
					await visitor.chat.locator(".status p").waitFor();
					await take(visitor, "offline");
					const { direction, fontSize } = await visitor.chat.evaluate((node) =>
						getComputedStyle(node),
					);
					assert.equal(direction, look === "RTL" ? "rtl" : "ltr");
					assert.equal(fontSize, look === "200 %" ? "30px" : "15px");
				});

				if (kind === "data-widget")
					it(`${name}: the contact form`, async () => {
						const visitor = await visitTag({ ...form, ...attributes }, page, {
							...screen,
							...text,
						});
						await launcher(visitor).click();
						await visitor.chat.locator("input").nth(0).fill("Jane");
						await visitor.chat.locator("input").nth(1).fill("jane at example");
						await visitor.chat.locator("form.contact button, .contact button").first().click();
						await visitor.chat.locator("[aria-invalid=true]").first().waitFor();
						await take(visitor, "contact");
					});
			}
});

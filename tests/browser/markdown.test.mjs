// Replies with Markdown, in a browser and in both tags. widget/test/markdown-*.test.ts has the details.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { useSite } from "./site.mjs";

const REPLY = `## Ferns
Ferns like **shade** and [our guide](https://shop.example/guide).

- [x] water
- light

| Plant | Light |
|---|---|
| Fern | shade |

\`\`\`js
const a = 1;
const b = 2;
\`\`\``;
/** What a screen reader says, one line each: a row of a table has each cell behind the header of its column. */
const SPOKEN = [
	"Ferns",
	"Ferns like shade and our guide (shop.example).",
	"water",
	"light",
	"Plant, Light",
	"Plant: Fern, Light: shade",
	"const a = 1;",
	"const b = 2;",
];

const EVIL = "https://evil.example";
const HOSTILE = `![a](${EVIL}/a.png) [b](javascript:alert(1)) [https://bank.com](${EVIL}) <img src=${EVIL}/b.png>

<script src=${EVIL}/c.js></script><style>@import "${EVIL}/d.css"</style>

<iframe src=${EVIL}></iframe> ![](${EVIL}/e.png) <svg onload=alert(1)> done`;

/** A message to which the stub model replies with this text. */
const asking = (text) => `[[text=${JSON.stringify(text)}]] Hi`;

describe("a reply with Markdown", { skip: missing }, () => {
	const site = useSite({ areKept: true });
	let widget;
	before(async () => {
		widget = await site.createWidget({});
	});

	/** The newest reply's bubble. */
	const bubbleOf = (visitor) => visitor.chat.locator(".row.assistant .bubble").last();

	async function askFor(visitor, text, end) {
		await visitor.open();
		await visitor.say(asking(text));
		await bubbleOf(visitor).getByText(end).last().waitFor();
		await visitor.stop.waitFor({ state: "hidden" });
		return bubbleOf(visitor);
	}

	const TAGS = [
		["a key", () => site.visit()],
		["a widget id", () => site.visitWidget(widget.widget_id)],
	];
	for (const [name, visit] of TAGS) {
		it(`is shown as elements, spoken without marks, and the same after a reload: a tag with ${name}`, async () => {
			const visitor = await visit();
			const bubble = await askFor(visitor, REPLY, "const b = 2;");
			assert.deepEqual(await bubble.locator("h4, strong, li, th, td").allTextContents(), [
				"Ferns",
				"shade",
				"water",
				"light",
				"Plant",
				"Light",
				"Fern",
				"shade",
			]);
			const link = bubble.getByRole("link", { name: "our guide" });
			assert.equal(await link.getAttribute("rel"), "noreferrer nofollow ugc");
			const lines = visitor.live.locator("p");
			await until("it is announced", async () => (await lines.count()) === SPOKEN.length);
			assert.deepEqual(await lines.allTextContents(), SPOKEN);
			const html = await bubble.innerHTML();
			await visitor.page.reload();
			await bubble.getByText("const b = 2;").last().waitFor();
			// An entry may become a task while its text arrives: then its attributes have another order.
			const normal = (text) =>
				text
					.replace(/ ?class="tip"| class=""/g, "")
					.replaceAll('<li dir="ltr" class="task">', '<li class="task" dir="ltr">');
			assert.equal(normal(await bubble.innerHTML()), normal(html));
			assert.deepEqual(visitor.complaints, []);
		});
	}

	it("has a button that copies its code", async () => {
		const visitor = await site.visitWidget(widget.widget_id);
		await visitor.context.grantPermissions(["clipboard-read", "clipboard-write"]);
		const bubble = await askFor(visitor, REPLY, "const b = 2;");
		await bubble.getByRole("button", { name: "Copy" }).click();
		await bubble.getByRole("button", { name: "Copied" }).waitFor();
		const copied = await visitor.page.evaluate(() => navigator.clipboard.readText());
		assert.equal(copied, "const a = 1;\nconst b = 2;");
	});

	it("is complete after a reload, with its end in view, if it is long", async () => {
		const visitor = await site.visitWidget(widget.widget_id);
		await askFor(visitor, `${"- An item of a list.\n".repeat(170)}\nThe end`, "The end");
		await visitor.page.reload();
		const end = visitor.chat.getByText("The end").last();
		await until("the end is in view", () =>
			end.evaluate((node) => {
				const { bottom } = node.getBoundingClientRect();
				return bottom <= node.closest(".log").getBoundingClientRect().bottom;
			}),
		);
	});

	it("causes no request, script or style, and shows the host of a link that looks like another", async () => {
		const visitor = await site.visitWidget(widget.widget_id);
		const foreign = [];
		visitor.page.on("request", (request) => {
			if (request.url().startsWith(EVIL)) foreign.push(request.url());
		});
		const bubble = await askFor(visitor, HOSTILE, /done/);
		assert.equal(await bubble.locator("img, script, style, iframe, svg").count(), 0);
		assert.equal(await bubble.locator("a:not([href^='https://evil.example'])").count(), 0);
		assert.match(await bubble.textContent(), /https:\/\/bank\.com \(evil\.example\)/);
		assert.deepEqual([foreign, visitor.complaints], [[], []]);
	});

	it("is plain text with links if the tag says so", async () => {
		const off = await site.createWidget({ enabled: false });
		const visitor = await site.visitWidget(off.widget_id);
		await until("the other tag has ended", () => visitor.hints.length > 0);
		await visitor.addTag({
			src: `${site.banter.url}/api/widget/embed.js`,
			"data-widget": widget.widget_id,
			"data-plain-text": "true",
		});
		const text = "**bold** https://shop.example/a\n- item";
		const bubble = await askFor(visitor, text, /item/);
		assert.equal(await bubble.textContent(), text);
		assert.equal(await bubble.getByRole("link").getAttribute("href"), "https://shop.example/a");
	});
});

// Pictures of the looks that are easy to break, in build/pictures/looks, in both themes: `make screenshots`. The view
// without a server. Each shows a panel that fits in its window, and whose controls can be seen.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertFits, assertStops, tabThrough, takePicture } from "./accessibility.mjs";
import { missing } from "./browser.mjs";
import { question, reply, useStage, WELCOME } from "./stage.mjs";

const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const LOW = { viewport: { width: 320, height: 400 }, hasTouch: true, isMobile: true };
const RTL = { code: "ar", dir: "rtl" };
/** 200 %. */
const LARGE = { textPx: 32 };
const FORCED = { forcedColors: "active" };

/** Name, the widget's record, the page. */
const LOOKS = [
	["page", { place: "page" }, DESKTOP],
	["page on a phone", { place: "page" }, PHONE],
	["chevron", {}, DESKTOP],
	["RTL", {}, { ...DESKTOP, ...RTL }],
	["RTL on a phone", {}, { ...PHONE, ...RTL }],
	["white accent", { primary_color: "#ffffff", text_color: "#ffffff" }, DESKTOP],
	["black accent", { primary_color: "#000000" }, DESKTOP],
	["forced colours", {}, { ...DESKTOP, ...FORCED }],
	["forced colours on a phone", {}, { ...PHONE, ...FORCED }],
	["large text", {}, { ...PHONE, ...LARGE }],
	["low window", {}, LOW],
	["low window, large text", {}, { ...LOW, ...LARGE }],
];

const AT = new Date().setHours(12, 0, 0, 0);

const TEXTS = {
	en: {
		name: "Fernlight Plants",
		greeting: "Hi there! Ask us anything about our plants, your order or its delivery.",
		ask: "Which plants survive a dark hallway?",
		answer:
			"Three of them **rarely complain**: the ZZ plant, the cast-iron plant and the snake plant.",
		next: "Thanks. When will my parcel be here?",
	},
	ar: {
		name: "نباتات فيرنلايت",
		greeting: "مرحبًا! اسألنا عن نباتاتنا أو طلبك أو موعد التوصيل.",
		ask: "ما النباتات التي تعيش في ممر مظلم؟",
		answer: "ثلاثة منها **نادرًا ما تشتكي**: نبات ZZ ونبات الحديد الزهر ونبات الثعبان.",
		next: "شكرًا. متى يصل طردي؟",
	},
};

/** The states of a chat, as parts of the stage's state. */
function statesOf({ greeting, ask, answer, next }) {
	const welcome = { ...WELCOME, text: greeting };
	const asked = question("q", ask, { at: AT });
	const answered = reply("a", answer, { at: AT, rating: "up" });
	return [
		["greeting", [welcome]],
		["first message", [welcome, asked, reply("a", "", { id: null, phase: "waiting" })]],
		["conversation", [welcome, asked, answered, question("n", next, { at: AT })]],
	];
}

/** The space between the greeting and the message below it. */
const gapOf = (log) =>
	log.evaluate((node) => {
		const [above, below] = [...node.querySelectorAll(".bubble")].map((one) =>
			one.getBoundingClientRect(),
		);
		return below.top - above.bottom;
	});

/* Runs in the page: the controls and own bubbles of which no edge, icon or text is to be seen. */
function invisible(panel) {
	const isTransparent = (color) => /, 0\)$|transparent/.test(color);
	const seen = (node) => {
		const style = getComputedStyle(node);
		const icon = node.querySelector(".icon");
		const ground = (one) => {
			const { backgroundColor } = getComputedStyle(one);
			const above = one.parentElement;
			return isTransparent(backgroundColor) && above ? ground(above) : backgroundColor;
		};
		const hasEdge = style.borderTopStyle !== "none" && Number.parseFloat(style.borderTopWidth) >= 1;
		const back = ground(node);
		return hasEdge
			? style.borderTopColor !== ground(node.parentElement)
			: icon === null
				? node.textContent !== "" && style.color !== back
				: getComputedStyle(icon).stroke !== back;
	};
	return [...panel.querySelectorAll("button, .box, .user .bubble")]
		.filter((node) => node.checkVisibility() && !node.matches(":disabled") && !seen(node))
		.map((node) => `${node.localName}.${node.className}`);
}

describe("pictures of the looks", { skip: missing }, () => {
	const open = useStage();
	for (const [look, record, page] of LOOKS)
		for (const theme of ["light", "dark"])
			it(`${look}, ${theme}`, async () => {
				const { name, greeting, ...texts } = TEXTS[page.code ?? "en"];
				const more = { name, greeting, rating: true, operators: { offer: true } };
				const stage = await open({ ...record, ...more, theme }, { ...page, colorScheme: theme });
				for (const [state, messages] of statesOf({ greeting, ...texts })) {
					await stage.set({ messages });
					await assertFits(stage.chat);
					if (page.forcedColors) assert.deepEqual(await stage.chat.evaluate(invisible), []);
					if (messages[1]) {
						const gap = await gapOf(stage.log);
						assert.ok(gap > 20 && gap < 60, `${gap} px between the greeting and what follows`);
					}
					await takePicture(stage.page, `${look} ${state} ${theme}`, "looks");
				}
				if (page.forcedColors) assertStops(await tabThrough(stage.page, page.isMobile));
			});
});

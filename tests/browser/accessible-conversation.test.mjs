// WCAG 2.2 AA in the states of a conversation that take a person or a bad network: without a server.

import { before, describe, it } from "node:test";
import { assertAccessible, assertStops, tabThrough } from "./accessibility.mjs";
import { PHONE } from "./accessible-site.mjs";
import { missing } from "./browser.mjs";
import { question, reply, useStage, WELCOME } from "./stage.mjs";

const AT = new Date().setHours(12, 0, 0, 0);
const DONE = reply("a", "We do.", { at: AT });
const ASKED = [WELCOME, question("q", "Do you deliver?", { at: AT }), DONE];
const MODEL = { phase: "model", person: null, isTyping: false };
const ANN = { ...MODEL, phase: "person", person: { name: "Ann Smith" } };
const LONG = Array.from({ length: 20 }, (_, i) => reply(`a${i}`, `Text ${i}`, { at: AT }));

/** Name, the parts of the conversation's state. */
const CONVERSATIONS = [
	["history that is scrolled", { older: "loading", messages: [WELCOME, ...LONG] }],
	["a rating", { messages: [...ASKED.slice(0, 2), { ...DONE, rating: "down" }] }],
	[
		"a person",
		{ people: ANN, messages: [...ASKED, reply("b", "Hi", { author: ANN.person, at: AT })] },
	],
	["a person who types", { people: { ...ANN, isTyping: true }, messages: ASKED }],
	["the wait for a person", { people: { ...MODEL, phase: "waiting" }, messages: ASKED }],
	["a lost connection", { line: "lost", messages: ASKED }],
	[
		"no network",
		{ line: "offline", messages: [...ASKED, question("r", "Now?", { isQueued: true })] },
	],
];

/** What the states above leave out. */
const QUIET = { open: true, older: "none", line: "up", people: MODEL };

/** Name, the page and its screen. One page shows all states: loading it takes longer than the checks. */
const LOOKS = [
	["in Latin letters", {}],
	["on a phone", PHONE],
	["from right to left", { code: "ar", dir: "rtl" }],
	["in forced colours", { forcedColors: "active" }],
];

for (const [looks, options] of LOOKS)
	describe(`a conversation is accessible ${looks}`, { skip: missing }, () => {
		const open = useStage({ isKept: true });
		let stage;
		before(async () => {
			stage = await open({ rating: true, primary_color: "#4f46e5" }, options);
			// The stage has no styles for it.
			await stage.page.locator("banter-chat .launcher").evaluate((node) => node.remove());
		});

		for (const [name, state] of CONVERSATIONS)
			it(name, async () => {
				const { page, log, set } = stage;
				await set({ ...QUIET, ...state });
				if (state.older) await log.evaluate((node) => node.scrollTo(0, 200));
				await assertAccessible(page, `conversation ${name} ${looks}`);
				assertStops(await tabThrough(page, options === PHONE));
			});
	});

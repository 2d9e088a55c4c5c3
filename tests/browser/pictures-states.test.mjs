// Pictures of a conversation's states that take a person, a bad network or a long reply, in build/pictures/states. The
// view without a server; pictures.test.mjs has the rest. Each shows a panel that fits in its window.

import { describe, it } from "node:test";
import { assertFits, takePicture } from "./accessibility.mjs";
import { missing } from "./browser.mjs";
import { question, reply, useStage, WELCOME } from "./stage.mjs";

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const DESKTOP = { viewport: { width: 1280, height: 800 } };

const ENGLISH = {
	welcome: "Hi there! Ask us anything about our plants, your order or its delivery.",
	starters: [
		"Where is my parcel?",
		"Which plants are safe for cats?",
		"Do you deliver to Portugal?",
	],
	ask: "Which plants survive a dark hallway?",
	blocks: `Three of them **rarely complain**:

1. the [ZZ plant](https://shop.example/zz)
2. the *cast-iron plant*
   - it likes shade
   - it is safe for cats
3. the snake plant

> Water them every two or three weeks.

- [x] light
- [ ] a pot with a hole

\`\`\`js
const weeks = plants.map(({ name, water }) => [name, water / 7]);
\`\`\`

| Plant | Light | Water | Safe for cats |
|---|---|---:|---|
| ZZ plant | shade | 21 days | no |
| Cast-iron plant, large | shade to half shade | 14 days | yes |

### Anything else?

Write \`/human\` for a person.`,
	cited: "We deliver within two days. Orders over 50 euros are delivered free of charge.",
	hi: "Good morning, this is Ann. I have looked up your parcel: it is on its way.",
	more: "It should reach you tomorrow.",
	person: "Ann Smith",
	next: "When will it be here?",
};
const ARABIC = {
	...ENGLISH,
	welcome: "مرحبًا! اسألنا عن نباتاتنا أو طلبك أو موعد التوصيل.",
	starters: ["أين طردي؟", "ما النباتات الآمنة للقطط؟"],
	ask: "ما النباتات التي تعيش في ممر مظلم؟",
	blocks: `ثلاثة منها **نادرًا ما تشتكي**:

1. نبات [ZZ](https://shop.example/zz)
2. نبات *الحديد الزهر*

> اسقها كل أسبوعين أو ثلاثة.

- [x] ضوء
- [ ] أصيص

\`\`\`js
const weeks = plants.map(({ name, water }) => [name, water / 7]);
\`\`\`

| النبات | الضوء | الماء | آمن للقطط |
|---|---|---:|---|
| ZZ | ظل | 21 يومًا | لا |
| الحديد الزهر الكبير | ظل إلى نصف ظل | 14 يومًا | نعم |`,
	cited: "نوصل خلال يومين. الطلبات فوق 50 يورو مجانية التوصيل.",
	hi: "صباح الخير، معك آن. طردك في الطريق.",
	more: "سيصل غدًا.",
	person: "آن سميث",
	next: "متى يصل؟",
};

/** Name, the page, its texts. */
const LOOKS = [
	["360 light", PHONE, ENGLISH],
	["360 dark", { ...PHONE, colorScheme: "dark" }, ENGLISH],
	["360 RTL", { ...PHONE, code: "ar", dir: "rtl" }, ARABIC],
	["360 200 %", { ...PHONE, textPx: 32 }, ENGLISH],
	["768 light", { viewport: { width: 768, height: 1024 }, hasTouch: true }, ENGLISH],
	["1280 light", DESKTOP, ENGLISH],
	["1280 dark", { ...DESKTOP, colorScheme: "dark" }, ENGLISH],
	["1280 RTL", { ...DESKTOP, code: "he", dir: "rtl" }, ARABIC],
	["1280 200 %", { ...DESKTOP, textPx: 32 }, ENGLISH],
];

/** Noon: the widest time of a language that counts twelve hours. */
const AT = new Date().setHours(12, 0, 0, 0);
const MODEL = { phase: "model", person: null, isTyping: false };

/** Name, and parts of the state of a conversation with these texts. */
function statesOf(texts) {
	const welcome = { ...WELCOME, text: texts.welcome };
	const asked = [welcome, question("q", texts.ask, { at: AT })];
	const answered = (text, more) => [...asked, reply("a", text, { at: AT, ...more })];
	const person = { name: texts.person };
	const ann = { ...MODEL, phase: "person", person };
	const said = (key, text) => reply(key, text, { author: person, at: AT });
	const helped = [...answered(texts.cited), said("b", texts.hi), said("c", texts.more)];
	const source = (n, positions) => {
		const url = `https://shop.example/delivery/${n}`;
		return { n, title: `Delivery ${n}`, url, positions };
	};
	const basis = { sources: [source(1, [26]), source(2, [texts.cited.length])], general: false };
	const broken = (phase, failure) => answered("", { phase, failure, id: null });
	const next = question("n", texts.next, { at: AT, isQueued: true });
	const states = {
		starters: { messages: [welcome] },
		"all blocks": { messages: answered(texts.blocks) },
		citations: { messages: answered(texts.cited, { basis, rating: "up" }) },
		"the wait": { messages: broken("waiting", null) },
		streaming: { messages: answered(texts.blocks.slice(0, 120), { phase: "streaming" }) },
		failed: { messages: broken("failed", "broken") },
		"rate limited": { messages: broken("paused", "too_many") },
		"the wait for a person": {
			messages: answered(texts.cited),
			people: { ...MODEL, phase: "waiting" },
		},
		"a person": { messages: helped, people: { ...ann, isTyping: true } },
		offline: { messages: [...helped, next], people: ann, line: "offline" },
		lost: { messages: helped, people: ann, line: "lost" },
		unread: { messages: helped, people: ann, open: false, unread: 2 },
	};
	// Each state has messages of its own, which no other state has changed.
	const own = (name) => (one) =>
		one.key === "welcome" ? one : { ...one, key: `${name} ${one.key}` };
	return Object.entries(states).map(([name, state]) => [
		name,
		{ ...state, messages: state.messages.map(own(name)) },
	]);
}

describe("pictures of a conversation", { skip: missing }, () => {
	const open = useStage();
	for (const [look, page, texts] of LOOKS)
		it(look, async () => {
			const { starters } = texts;
			const record = { name: "Fernlight Plants", greeting: texts.welcome, starters, rating: true };
			const stage = await open(record, page);
			const quiet = { open: true, unread: 0, line: "up", people: MODEL };
			for (const [name, state] of statesOf(texts)) {
				await stage.set({ ...quiet, ...state });
				if (state.messages.some(({ basis }) => basis))
					await stage.log.locator(".basis ol").waitFor();
				if (state.open !== false) await assertFits(stage.chat);
				await takePicture(stage.page, `${name} ${look}`, "states");
			}
		});
});

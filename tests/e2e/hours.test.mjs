// Working hours and availability by the API: what is refused and why, what visitors are told, the hand-over outside of the
// hours, and who is there. Local times and days on which clocks are set: zones.test.mjs; the store's part:
// unit/storaged/duty/duty.scenario.

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { ADMIN, addUser, logIn } from "./accounts.mjs";
import { openStream } from "./client.mjs";
import { Contract } from "./contract.mjs";
import { until, useBanter } from "./harness.mjs";
import { AGENT, adminExpect, assertFields, WIDGET } from "./organizations.mjs";
import { KEY } from "./replies.mjs";
import { expectTool } from "./tool.mjs";
import { makeWidget, Visitor } from "./visitors.mjs";

const contract = new Contract();
const HOUR = 3_600_000;
const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const CLOSED =
	"No one is here right now. Please leave your e-mail address, and we will answer you there.";

/** Hours in UTC that are open for two hours from so many hours after the current one. */
function hoursIn(hours) {
	const start = Math.floor(Date.now() / HOUR) * HOUR + hours * HOUR;
	const text = (ms) => new Date(ms).toISOString().slice(11, 16);
	const day = DAYS[new Date(start).getUTCDay()];
	const to = text(start + 2 * HOUR).replace(/^00:00$/, "24:00");
	const weekly = [{ day, from: text(start), to }];
	return { hours: { timezone: "Etc/UTC", weekly, holidays: [] }, opens: start };
}

describe("working hours", () => {
	const banter = useBanter({ workers: 2 });
	let owner;
	let member;
	const drive = async (status, method, path, body, headers = ADMIN) =>
		(await contract.drive(banter, status, method, path, { headers, body })).json;
	const set = (hours, headers) => drive(200, "PUT", "/v1/admin/hours", { hours }, headers);
	const visitorsAreTold = async () =>
		(await contract.drive(banter, 200, "GET", "/v1/chat/availability", { headers: KEY })).json;

	before(async () => {
		owner = await logIn(banter, await addUser(banter, "owner@example.com"));
		member = await logIn(banter, await addUser(banter, "ann@example.com", "--member"));
	});

	it("are none at first: people answer at any time", async () => {
		const always = { hours: null, open: true, opensAt: null, closesAt: null };
		assert.deepEqual(await drive(200, "GET", "/v1/admin/hours"), always);
		assert.deepEqual(await drive(200, "GET", "/v1/admin/hours", undefined, member), always);
		const { open, opensAt, closesAt, repliesInMs } = await visitorsAreTold();
		assert.deepEqual([open, opensAt, closesAt, repliesInMs], [true, null, null, null]);
	});

	it("are sorted and shown again, with what they mean now", async () => {
		const weekly = [
			{ day: "sunday", from: "22:00", to: "06:00" },
			{ day: "monday", from: "13:00", to: "17:00" },
			{ day: "monday", from: "09:00", to: "12:30" },
		];
		const hours = { timezone: "Asia/Kathmandu", weekly, holidays: ["2099-12-26", "2099-12-25"] };
		const shown = await set(hours, owner);
		assert.deepEqual(shown.hours, {
			timezone: "Asia/Kathmandu",
			weekly: [weekly[2], weekly[1], weekly[0]],
			holidays: ["2099-12-25", "2099-12-26"],
		});
		assert.deepEqual(await drive(200, "GET", "/v1/admin/hours"), shown);
		assert.equal(typeof (shown.open ? shown.closesAt : shown.opensAt), "number");
		assert.equal(shown.open ? shown.opensAt : shown.closesAt, null);
		const closed = hoursIn(3);
		const later = await set(closed.hours);
		assert.deepEqual([later.open, later.opensAt, later.closesAt], [false, closed.opens, null]);
		const now = hoursIn(0);
		const open = await set(now.hours);
		assert.deepEqual([open.open, open.opensAt, open.closesAt], [true, null, now.opens + 2 * HOUR]);
		assert.deepEqual(await set(null), { hours: null, open: true, opensAt: null, closesAt: null });
	});

	it("name unknown members in whole characters", async () => {
		for (const character of ["é", "€", "𝄞"])
			for (let pad = 0; pad < 4; pad++) {
				const name = "x".repeat(pad) + character.repeat(100);
				const weekly = [{ day: "monday", from: "09:00", to: "17:00", [name]: 1 }];
				const hours = { timezone: "Etc/UTC", weekly, holidays: [], [name]: 1 };
				const answer = await contract.drive(banter, 422, "PUT", "/v1/admin/hours", {
					headers: ADMIN,
					body: { hours },
				});
				new TextDecoder("utf-8", { fatal: true }).decode(answer.bytes);
				const names = Object.keys(answer.json.fields);
				assert.equal(names.filter((one) => one.includes(character)).length, 2, names);
			}
	});

	it("are refused with each wrong member and what would be right", async () => {
		const refused = async (hours, expected) => {
			for (const [path, wrap] of [
				["/v1/admin/hours", (one) => ({ hours: one })],
				[`/v1/admin/widgets/${WIDGET}`, (one) => ({ hours: one })],
			]) {
				const answer = await contract.drive(banter, 422, "PUT", path, {
					headers: ADMIN,
					body: wrap(hours),
				});
				assertFields(answer, Object.keys(expected));
				for (const [field, [code, sentence]] of Object.entries(expected)) {
					assert.equal(answer.json.reasons[field].code, code, field);
					assert.match(answer.json.fields[field], sentence, field);
				}
			}
		};
		const on = (day, from, to) => ({ day, from, to });
		await refused("always", { hours: ["object", /must be an object/] });
		await refused(
			{ timezone: "Europe/Atlantis", weekly: [], holidays: ["2026-02-30"], open: 1 },
			{
				"hours.timezone": ["timezone", /such as Europe\/Berlin/],
				"hours.holidays.0": ["date", /such as 2026-12-25/],
				"hours.open": ["unknown", /is unknown/],
			},
		);
		await refused(
			{
				timezone: "Etc/UTC",
				weekly: [on("Mon", "9", "25:00"), 1, on("monday", "09:00", "09:00")],
				holidays: ["2026-12-25", "2026-12-25"],
			},
			{
				"hours.weekly.0.day": ["choice", /monday, tuesday/],
				"hours.weekly.0.from": ["time_from", /09:00/],
				"hours.weekly.0.to": ["time_to", /24:00/],
				"hours.weekly.1": ["interval", /day, from and to/],
				"hours.weekly.2.to": ["interval_empty", /00:00 to 24:00/],
				"hours.holidays.1": ["date_twice", /does not have yet/],
			},
		);
		const clash = [on("sunday", "20:00", "09:30"), on("monday", "09:00", "12:00")];
		await refused(
			{ timezone: "Etc/UTC", weekly: clash },
			{ "hours.weekly.1": ["intervals_overlap", /overlap/] },
		);
		await refused(
			{
				timezone: "Etc/UTC",
				weekly: Array(51).fill(on("monday", "09:00", "10:00")),
				holidays: Array.from(
					{ length: 101 },
					(_, i) => `20${String(i % 100).padStart(2, "0")}-01-01`,
				),
			},
			{ "hours.weekly": ["list", /at most 50/], "hours.holidays": ["list", /at most 100/] },
		);
		await contract.drive(banter, 422, "PUT", "/v1/admin/hours", { headers: ADMIN, body: {} });
		assert.equal((await drive(200, "GET", "/v1/admin/hours")).hours, null);
	});

	it("are changed by owners only, and are in the change feed", async () => {
		await drive(403, "PUT", "/v1/admin/hours", { hours: null }, member);
		const events = await openStream(banter.url, "/v1/admin/events?kinds=hours,user", ADMIN);
		await until("the stream has its position", () => events.sse.id !== "");
		const { hours } = hoursIn(3);
		await set(hours, owner);
		const row = await events.next();
		assert.deepEqual([row.kind, row.change], ["hours", "changed"]);
		await drive(200, "PUT", "/v1/admin/me/availability", { availability: "off" }, owner);
		const user = await events.next();
		assert.deepEqual([user.kind, user.change], ["user", "availability"]);
		events.leave();
		await drive(200, "PUT", "/v1/admin/me/availability", { availability: "online" }, owner);
		await set(null);
	});

	it("of a widget take the place of the organization's, and survive other changes of it", async () => {
		await set(hoursIn(3).hours);
		const { hours: own } = hoursIn(0);
		const path = `/v1/admin/widgets/${WIDGET}`;
		assert.deepEqual((await drive(200, "PUT", path, { hours: own })).hours, own);
		assert.equal((await visitorsAreTold()).open, true);
		const settings = { theme: "dark" };
		assert.deepEqual((await drive(200, "PUT", path, { settings })).hours, own);
		// Both in one body.
		const both = await drive(200, "PUT", path, { hours: own, settings: { theme: "light" } });
		assert.deepEqual([both.hours, both.settings.theme], [own, "light"]);
		assert.equal((await drive(200, "PUT", path, { hours: null })).hours, null);
		assert.equal((await visitorsAreTold()).open, false);
		await set(null);
	});

	it("are told to the visitors of a widget, from the pages that may embed it", async () => {
		const { widget_id } = await makeWidget(banter, { allowed_origins: ["https://shop.example"] });
		const path = `/api/widget/${widget_id}/availability`;
		const { headers } = await contract.drive(banter, 200, "GET", path, {
			headers: { origin: "https://shop.example" },
		});
		assert.equal(headers["cache-control"], "public, max-age=15");
		await contract.drive(banter, 403, "GET", path, { headers: { origin: "https://evil.example" } });
		await contract.drive(banter, 404, "GET", `/api/widget/wid_${"a".repeat(22)}/availability`);
	});

	it("let the hand-over ask for an e-mail address and say when people are back", async () => {
		const { hours, opens } = hoursIn(3);
		await set(hours);
		const ask = async (session, more) =>
			(
				await contract.drive(banter, 200, "POST", "/v1/chat", {
					headers: KEY,
					body: { sessionId: session, message: "A person!", person: true, ...more },
				})
			).json;
		const knowing = await ask("closed", { operators: true });
		assert.deepEqual(
			[knowing.message, knowing.state, knowing.open, knowing.opensAt],
			[CLOSED, "waiting", false, opens],
		);
		assert.deepEqual(Object.keys(await ask("old")), [
			"conversationId",
			"messageId",
			"message",
			"usage",
		]);
		const agent = `/v1/admin/agents/${AGENT}`;
		await drive(200, "PUT", agent, { closedText: "Wir schlafen.", waiting_text: "Gleich." });
		assert.equal((await ask("own-text")).message, "Wir schlafen.");
		// The model asks for a person, too.
		await drive(200, "PUT", agent, { escalation_instructions: "Always." });
		const { json } = await contract.drive(banter, 200, "POST", "/v1/chat", {
			headers: KEY,
			body: {
				sessionId: "model",
				message: '[[text="Moment." hand-over]] refund',
				operators: true,
			},
		});
		assert.deepEqual([json.state, json.open, json.opensAt], ["waiting", false, opens]);
		assert.equal(json.message, "Moment.\n\nWir schlafen.");
		await set(hoursIn(0).hours);
		const open = await ask("open", { operators: true });
		assert.deepEqual([open.message, open.open, open.opensAt], ["Gleich.", undefined, undefined]);
		await set(null);
		await drive(200, "PUT", agent, {
			closedText: null,
			waiting_text: null,
			escalation_instructions: null,
		});
	});

	it("are exported and imported, and verify finds nothing wrong", async () => {
		const { hours } = hoursIn(3);
		await set(hours);
		await drive(200, "PUT", "/v1/admin/me/availability", { availability: "away" }, member);
		const { stdout } = await expectTool(banter, 0, "export");
		const lines = stdout.trim().split("\n").map(JSON.parse);
		assert.deepEqual(JSON.parse(lines.find(({ kind }) => kind === "org").hours), hours);
		const ann = lines.find(({ email }) => email === "ann@example.com");
		assert.deepEqual([ann.availability, ann.active_at, ann.away_at], ["away", 0, 0]);
		await expectTool(banter, 0, "verify");
		await set(null);
	});
});

describe("the usual time of an answer", () => {
	const banter = useBanter({ workers: 2 });

	it("is the median of the last answers of people, from five on", async () => {
		const told = async () =>
			(await banter.request("GET", "/v1/chat/availability", { headers: KEY })).json;
		for (let i = 0; i < 5; i++) {
			assert.equal((await told()).repliesInMs, null);
			const { json } = await banter.request("POST", "/v1/chat", {
				headers: KEY,
				body: { sessionId: `s${i}`, message: "A person!", person: true },
			});
			const path = `conversations/${json.conversationId}`;
			await adminExpect(banter, 200, "POST", `${path}/takeover`, { name: "Jane" });
			await adminExpect(banter, 201, "POST", `${path}/messages`, {
				content: "Here.",
				clientMessageId: `m${i}`,
			});
		}
		const { repliesInMs } = await told();
		assert.ok(repliesInMs >= 1 && repliesInMs < 60_000, `${repliesInMs}`);
		await expectTool(banter, 0, "verify");
	});
});

describe("a user", () => {
	const banter = useBanter({ workers: 2, env: { AWAY_AFTER_MS: "2000" } });
	let ann;
	const choose = async (availability) =>
		(
			await contract.drive(banter, 200, "PUT", "/v1/admin/me/availability", {
				headers: ann,
				body: { availability },
			})
		).json;
	const people = async () => {
		const { people: all } = await adminExpect(banter, 200, "GET", "people");
		return all.map(({ availability }) => availability);
	};
	const told = async () =>
		(await banter.request("GET", "/v1/chat/availability", { headers: KEY })).json.people;

	before(async () => {
		ann = await logIn(banter, await addUser(banter, "ann@example.com"));
	});

	it("is away before the first input, and nobody says that anybody is there", async () => {
		assert.deepEqual(await people(), ["away"]);
		assert.equal(await told(), null);
		const { user } = await adminExpect(banter, 200, "GET", "me", undefined, ann);
		assert.deepEqual([user.availability, user.chosenAvailability], ["away", "online"]);
	});

	it("is online with an input, and away by itself without one", async () => {
		assert.deepEqual(await choose(), { availability: "online", chosenAvailability: "online" });
		assert.deepEqual(await people(), ["online"]);
		assert.equal(await told(), "online");
		await until("the user is away", async () => (await people())[0] === "away");
		assert.equal(await told(), "away");
	});

	it("stays away or off as it chose, whatever it types", async () => {
		for (const availability of ["away", "off"]) {
			const chosen = { availability, chosenAvailability: availability };
			assert.deepEqual(await choose(availability), chosen);
			assert.deepEqual(await choose(), chosen);
			assert.deepEqual(await people(), [availability]);
			assert.equal(await told(), "away");
		}
		await choose("online");
		assert.deepEqual(await people(), ["online"]);
	});

	it("is away after storaged was restarted and the time has passed", async () => {
		await choose("online");
		await banter.stopStore();
		banter.startStore();
		await banter.ready();
		await until("the user is away", async () => (await people())[0] === "away");
		await expectTool(banter, 0, "verify");
	});

	it("chooses only what there is, and keys have no state", async () => {
		const path = "/v1/admin/me/availability";
		const wrong = await contract.drive(banter, 422, "PUT", path, {
			headers: ann,
			body: { availability: "busy", why: 1 },
		});
		assertFields(wrong, ["availability", "why"]);
		await contract.drive(banter, 403, "PUT", path, { headers: ADMIN, body: {} });
		for (const to of [path, "/v1/admin/hours"]) {
			await contract.drive(banter, 400, "PUT", to, { headers: ann, body: [] });
			await contract.drive(banter, 413, "PUT", to, { headers: ann, body: "x".repeat(65537) });
		}
	});
});

describe("a visitor over a WebSocket", () => {
	const banter = useBanter({ workers: 1 });

	it("who asks for a person outside of the hours is asked for an e-mail address", async () => {
		await adminExpect(banter, 200, "PUT", "hours", { hours: hoursIn(3).hours });
		const visitor = await Visitor.open(banter, await makeWidget(banter), { operators: true });
		visitor.send({ type: "person", content: "Anybody?" });
		const { content } = (await visitor.upTo("message")).at(-1);
		assert.equal(content, CLOSED);
		await visitor.close();
	});
});

it("shows every documented status", () => contract.assertComplete("hours"));

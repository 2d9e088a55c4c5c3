import { logIn } from "../e2e/accounts.mjs";
import { page as html, Site } from "../e2e/crawl-site.mjs";
import { ADMIN_KEY, PASSWORD, until, WIDGET_KEY, withBanter } from "../e2e/harness.mjs";
import { launch } from "./browser.mjs";

const OUT = "/tmp/cdash2";
const only = process.argv[2];
const long =
	"Returns, exchanges and refunds of orders that were placed as a guest, with and without a receipt, in all countries that we deliver to";
const pages = {
	"/robots.txt": { type: "text/plain", body: "User-agent: *\nDisallow: /private\n" },
	"/": html("Fernlight Plants", "We sell plants that live with you for years. ".repeat(8), [
		"/delivery",
		"/returns",
		"/care/monstera",
		"/private/x",
		"/gone",
		"/login",
		"/empty",
		...Array.from({ length: 40 }, (_, i) => `/plants/${i}`),
	]),
	"/delivery": html(
		"Delivery",
		"We deliver within two days in Germany, Austria and France. Delivery costs 4.90 euros, and nothing from 50 euros on. Parcels come by bicycle in Berlin. ".repeat(
			2,
		),
		[],
	),
	"/returns": html(
		long,
		"You can return a plant within 30 days. Pots can be returned within 60 days. ".repeat(4),
		[],
	),
	"/care/monstera": html(
		"Monstera",
		"A monstera likes bright light without direct sun. Water it once a week. Yellow leaves mean too much water. ".repeat(
			3,
		),
		[],
	),
	"/gone": { status: 500, body: "x" },
	"/login": { status: 401, body: "x" },
	"/empty": "<!doctype html><title>Empty</title><body></body>",
};
for (let i = 0; i < 40; i++)
	pages[`/plants/${i}`] = html(
		`Plant number ${i}`,
		`Plant ${i} grows to ${i + 10} centimetres and costs ${i + 5} euros. It likes shade and company of ${i} other plants. `.repeat(
			3,
		),
		[],
	);
await withBanter(
	{
		workers: 1,
		search: true,
		crawl: true,
		env: { CRAWL_ALLOW: "127.0.0.1", CRAWL_DELAY_MS: "0", ORGANIZATION_NAME: "Fernlight" },
	},
	async (banter) => {
		const site = await Site.start(pages);
		const admin = async (method, path, body, headers = {}) => {
			const r = await banter.request(method, `/v1/admin/${path}`, {
				headers: { "x-admin-api-key": ADMIN_KEY, ...headers },
				body,
			});
			if (r.status >= 300) console.log(method, path, r.status, r.text);
			return r.json;
		};
		const shop = await admin("POST", "sources", {
			name: "Shop",
			kind: "site",
			url: `${site.origin}/`,
		});
		const files = await admin("POST", "sources", {
			name: "Price lists and other files of the wholesale department",
			kind: "files",
		});
		await admin("POST", "sources", { name: "Members’ area", kind: "pushed" });
		await admin("POST", "sources", {
			name: "Broken",
			kind: "page",
			url: "http://127.0.0.1:9/nothing/here/at/all/with/a/very/long/path/that/does/not/end/until/here.html",
		});
		for (let i = 0; i < 3; i++)
			await fetch(`${banter.url}/v1/admin/sources/${files.id}/content?url=prices-${i}.md`, {
				method: "PUT",
				headers: { "x-admin-api-key": ADMIN_KEY, "content-type": "text/markdown" },
				body: `# Prices ${i}\n\nA fern costs ${i + 3} euros.\n\n## Pots\n\nA pot costs ten euros.`,
			});
		await admin("POST", "answers", {
			question: "Do you ship abroad?",
			text: "Yes, to all countries of the European Union. It takes three to five days.",
			published: true,
		});
		await admin("POST", "answers", {
			question: "Can I pick up my order?",
			text: "Every weekday from ten to six at our nursery.",
			published: false,
		});
		const { agents } = await admin("GET", "agents");
		const agent = agents[0] ?? (await admin("POST", "agents", { name: "Plant help" }));
		await admin("PUT", `agents/${agent.id}`, { knowledge: "all" });
		await until(
			"read",
			async () => {
				const s = await admin("GET", `sources/${shop.id}`);
				return s.state.pages.read > 40 && s.state.state === "idle";
			},
			30000,
		).catch((e) => console.log(String(e)));
		console.log(JSON.stringify(await admin("GET", "sources")).slice(0, 1500));
		await until(
			"found",
			async () =>
				(await admin("POST", "find", { question: "How long does delivery take?" })).hits?.length >
				0,
		);
		const chat = async (sessionId, message) =>
			(
				await banter.request("POST", "/v1/chat", {
					headers: { "x-api-key": WIDGET_KEY },
					body: { sessionId, message, sources: true },
				})
			).json;
		const told =
			'How much does delivery cost? [[text="Delivery costs **4.90 euros** [S1], and nothing from 50 euros on [S1][S2].\\n\\nIn Berlin parcels come by bicycle."]]';
		console.log(JSON.stringify(await chat("v1", told)));
		console.log(
			JSON.stringify(
				await chat(
					"v1",
					'Do you repair lawnmowers? [[text="I could not find that. [S0] Shall I ask a person?"]]',
				),
			),
		);
		await chat("v2", 'Do you repair lawn mowers too? [[text="I could not find that. [S0]"]]');
		await chat("v3", 'Is there a discount for schools? [[text="I could not find that. [S0]"]]');
		const { conversations } = await admin("GET", "conversations");
		const thread = conversations.find((c) => c.sessionId === "v1");
		const cookie = (await logIn(banter, { password: PASSWORD })).cookie;
		const [name, value] = cookie.split("=");
		const browser = await launch();
		const views = {
			sources: ["/knowledge"],
			newsource: [
				"/knowledge",
				async (p) => {
					await p.getByRole("button", { name: "New source" }).click();
				},
			],
			source: [`/knowledge/sources/${shop.id}`],
			settings: [
				`/knowledge/sources/${shop.id}`,
				async (p) => {
					await p.getByText("Settings", { exact: true }).last().click();
				},
			],
			files: [`/knowledge/sources/${files.id}`],
			text: [
				`/knowledge/sources/${shop.id}`,
				async (p) => {
					await p.getByRole("button", { name: "Delivery", exact: true }).click();
					await p.locator(".passage").first().waitFor();
				},
			],
			answers: ["/knowledge/answers"],
			editanswer: [
				"/knowledge/answers",
				async (p) => {
					await p.getByRole("button", { name: "Do you ship abroad?", exact: true }).click();
					await p.getByRole("dialog").waitFor();
				},
			],
			questions: ["/knowledge/questions"],
			find: [
				"/knowledge/find",
				async (p) => {
					await p.getByLabel("A visitor’s question").fill("How long does delivery take?");
					await p.getByRole("button", { name: "Find", exact: true }).click();
					await p.locator(".passage").first().waitFor();
				},
			],
			agent: [
				`/agents/${agent.id}`,
				async (p) => {
					await p.getByText("Chosen sources").click();
					await p.getByLabel("If the content has no answer").selectOption("fixed");
					await p.getByText("Chosen sources").scrollIntoViewIfNeeded();
				},
			],
			trial: [
				`/agents/${agent.id}`,
				async (p, small) => {
					if (small) await p.locator(".agent-tabs").getByText("Test").click();
					const f = p.getByRole("textbox", { name: "Message" });
					await f.fill(told);
					await f.press("Enter");
					await p.locator(".trial-sources").waitFor();
				},
			],
			thread: [
				`/conversations/${thread._id}`,
				async (p) => {
					await p
						.getByRole("button", { name: "Details of this reply" })
						.first()
						.click({ force: true });
					await p.locator(".found").waitFor();
					await p.locator(".found").scrollIntoViewIfNeeded();
				},
			],
		};
		for (const [key, [path, act]] of Object.entries(views)) {
			if (only && !only.split(",").includes(key)) continue;
			for (const width of [1440, 390])
				for (const colorScheme of ["light", "dark"]) {
					const context = await browser.newContext({
						viewport: { width, height: width > 1000 ? 900 : 844 },
						colorScheme,
						reducedMotion: "reduce",
					});
					await context.addCookies([{ name, value, url: banter.url }]);
					const p = await context.newPage();
					p.on("console", (m) => m.type() === "error" && console.log(key, m.text()));
					p.on("pageerror", (e) => console.log(key, String(e)));
					await p.goto(banter.url + path);
					try {
						await p.locator("h1, .thread-name").first().waitFor({ timeout: 8000 });
						await p.waitForTimeout(500);
						await act?.(p, width < 1000);
						await p.waitForTimeout(300);
					} catch (e) {
						console.log(key, width, String(e).slice(0, 400));
					}
					await p.screenshot({
						path: `${OUT}/${key}-${width}-${colorScheme}.png`,
						animations: "disabled",
					});
					await context.close();
				}
		}
		await browser.close();
		await site.stop();
	},
);

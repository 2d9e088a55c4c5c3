// The dashboard's settings of an organization: users, keys, webhooks, limits, prices, and the server.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { addUser, logIn } from "../e2e/accounts.mjs";
import { until, WIDGET_KEY } from "../e2e/harness.mjs";
import { addOrganization } from "../e2e/organizations.mjs";
import { Receiver } from "../e2e/receiver.mjs";
import { expectTool } from "../e2e/tool.mjs";
import { avoidMidnight } from "../e2e/visitors.mjs";
import { missing } from "./browser.mjs";
import { assertAccessible, useDashboard } from "./dashboard.mjs";

/** Without those of requests that the server refuses, and is expected to. */
const unexpected = (complaints) => complaints.filter((one) => !one.includes("status of 422"));

describe("the dashboard's settings of the organization", { skip: missing }, () => {
	const { banter, admin, visit } = useDashboard({
		areKept: true,
		env: { WEBHOOK_ALLOW: "127.0.0.0/8" },
	});
	const receiver = new Receiver();
	let jane;
	before(async () => {
		await receiver.start();
		jane = await addUser(banter, "jane@example.com", "--name", "Jane");
	});
	after(() => receiver.stop());

	async function open(section, options) {
		const opened = await visit(`/settings/${section}`, options);
		await opened.page.locator(".settings-section h1").waitFor();
		return opened;
	}
	const toast = (page, text) => page.locator(".toasts").getByText(text).waitFor();
	const button = (page, name) => page.getByRole("button", { name, exact: true });
	const row = (page, text) => page.locator(".settings-row", { hasText: text });
	const dialog = (page) => page.getByRole("dialog");

	describe("users", () => {
		const userOf = async (email) =>
			(await admin("GET", "users")).users.find((one) => one.email === email);

		it("are added, change their role, and are removed, which ends their sessions", async () => {
			const { page, complaints } = await open("users");
			await button(page, "Add with a password").click();
			await dialog(page).getByLabel("E-mail").fill("joe@example.com");
			await dialog(page).getByLabel("First password").fill("short");
			await button(dialog(page), "Add").click();
			await dialog(page).locator(".field-error").first().waitFor();
			await assertAccessible(page);
			await dialog(page).getByLabel("First password").fill("long enough for all");
			await button(dialog(page), "Add").click();
			await toast(page, "joe@example.com can log in now.");
			const session = await logIn(banter, {
				email: "joe@example.com",
				password: "long enough for all",
			});
			const joes = await open("profile", { session });
			await page.getByLabel("Role of joe@example.com").selectOption("owner");
			await toast(page, "The role of joe@example.com has changed.");
			assert.equal((await userOf("joe@example.com")).role, "owner");
			// Joe's list of sections follows.
			await joes.page.getByRole("link", { name: "API keys" }).waitFor();
			await row(page, "joe@example.com")
				.getByRole("button", { name: /^More actions/ })
				.click();
			await page.getByRole("menuitem", { name: "Remove" }).click();
			await dialog(page).getByText("This user is logged out everywhere").waitFor();
			await assertAccessible(page);
			await button(dialog(page), "Remove").click();
			await toast(page, "joe@example.com has been removed.");
			assert.equal(await userOf("joe@example.com"), undefined);
			await joes.page.reload();
			await joes.page.waitForURL(/\/login/);
			assert.deepEqual(unexpected(complaints), []);
		});

		it("are changed by two owners at once: the second one is asked", async () => {
			const kim = await addUser(banter, "kim@example.com", "--name", "Kim", "--member");
			const [first, second] = [await open("users"), await open("users")];
			const role = ({ page }) => page.getByLabel("Role of Kim");
			for (const one of [first, second]) await role(one).waitFor();
			// The second one does not learn what the first one does.
			await second.page.route("**/v1/admin/users?*", () => {});
			await role(first).selectOption("owner");
			await toast(first.page, "The role of Kim has changed.");
			await role(first).selectOption("member");
			await until("Kim is a member", async () => (await userOf(kim.email)).role === "member");
			await role(second).selectOption("owner");
			await second.page.getByText("Somebody else has changed this in the meantime.").waitFor();
			await assertAccessible(second.page);
			assert.equal((await userOf(kim.email)).role, "member");
			assert.equal(await role(second).inputValue(), "member");
			await button(second.page, "Keep my changes").click();
			await toast(second.page, "The role of Kim has changed.");
			const { id, role: now } = await userOf(kim.email);
			assert.equal(now, "owner");
			await admin("DELETE", `users/${id}`);
		});

		it("are refused in the language of the page", async () => {
			const { page } = await open("users", { locale: "de-DE" });
			await button(page, "Mit Passwort hinzufügen").click();
			await dialog(page).getByLabel("E-Mail").fill(jane.email);
			await dialog(page).getByLabel("Erstes Passwort").fill("kurz");
			await button(dialog(page), "Hinzufügen").click();
			await dialog(page)
				.getByText("Geben Sie ein Passwort mit mindestens 10 Zeichen ein.")
				.waitFor();
			await dialog(page).getByLabel("Erstes Passwort").fill("lang genug für alle");
			await button(dialog(page), "Hinzufügen").click();
			await dialog(page).getByText("Ein anderer Benutzer hat diese E-Mail-Adresse.").waitFor();
		});

		it("need an owner: a refused change goes back, with the reason", async () => {
			const session = await logIn(banter, jane);
			const { page } = await open("users", { session });
			const role = page.getByLabel("Role of Jane");
			await role.selectOption("member");
			await toast(page, "An organization needs an owner");
			assert.equal(await role.inputValue(), "owner");
			assert.equal((await userOf(jane.email)).role, "owner");
		});

		it("of the role member see what they may do, which an owner changes", async () => {
			const { page } = await open("users");
			const mayDelete = page.getByRole("switch", { name: "Members may delete" });
			await mayDelete.waitFor();
			const [widget] = (await admin("GET", "widgets")).widgets;
			const [agent] = (await admin("GET", "agents")).agents;
			const { conversationId } = (await banter.chat("rights", "[[tokens=1]]")).json;
			const lea = await addUser(banter, "lea@example.com", "--name", "Lea", "--member");
			const { page: hers } = await open("profile", { session: await logIn(banter, lea) });
			/** Opens a page, which knows the user's rights. */
			const go = async (path) => {
				const me = hers.waitForResponse("**/v1/admin/me");
				await hers.goto(`${banter.url}${path}`);
				await me;
			};
			const check = async (count) => {
				await go(`/widgets/${widget.id}`);
				const days = hers.getByLabel("Keep conversations (days)");
				// Whatever they may delete: how long conversations are kept is the owners'.
				await until("the field is for owners", () => days.isDisabled());
				const danger = hers.getByRole("heading", { name: "Reset and delete" });
				await until("the card of the widget", async () => (await danger.count()) === count);
				for (const [path, label, entry] of [
					[`/agents/${agent.id}`, "More actions", "Delete agent"],
					[
						`/conversations/${conversationId}`,
						"More actions for this conversation",
						"Delete conversation",
					],
				]) {
					await go(path);
					await button(hers, label).first().click();
					await hers.getByRole("menuitem").first().waitFor();
					const item = hers.getByRole("menuitem", { name: entry });
					await until(entry, async () => (await item.count()) === count);
				}
			};
			assert.equal(await mayDelete.isChecked(), false);
			await check(0);
			await mayDelete.click();
			await toast(page, "Saved");
			await assertAccessible(page);
			await check(1);
			await mayDelete.click();
			await until("it is taken back", async () => !(await admin("GET", "rights")).members.delete);
			await check(0);
		});

		it("are invited by a link, which is shown once and can be revoked", async () => {
			const { page } = await open("users");
			const other = await open("users");
			await button(page, "Invite").click();
			await dialog(page).getByLabel("For whom").fill("new@example.com");
			await button(dialog(page), "Invite").click();
			// Not the box "Send the link …" of the form before it.
			const link = await dialog(page).getByLabel("Link", { exact: true }).inputValue();
			assert.match(link, /^http:\/\/127\.0\.0\.1:\d+\/join\/[\w-]{43}$/);
			await assertAccessible(page);
			await dialog(page).getByRole("button", { name: "Close" }).last().click();
			await row(page, "new@example.com").waitFor();
			// The other owner sees it, too, by the change feed.
			await row(other.page, "new@example.com").waitFor();
			await page.reload();
			await row(page, "new@example.com").waitFor();
			assert.equal((await page.content()).includes(link), false);
			await row(page, "new@example.com").getByRole("button").click();
			await button(dialog(page), "Revoke").click();
			await toast(page, "The invitation is revoked.");
			await page.goto(link);
			await page.getByText("This invitation does not exist").waitFor();
		});
	});

	it("keys are shown once, work, and are refused after they are revoked", async () => {
		const { page, complaints } = await open("keys");
		await page.getByText("No API keys").waitFor();
		await button(page, "Create key").click();
		await dialog(page).getByLabel("Name").fill("The shop");
		await assertAccessible(page);
		await button(dialog(page), "Create").click();
		const key = await dialog(page).getByLabel("Key").inputValue();
		assert.match(key, /^bwk_/);
		await dialog(page).getByText("Copy it now").waitFor();
		await page.keyboard.press("Escape");
		const chat = async () => {
			const headers = { "x-api-key": key };
			const body = { sessionId: "by-key", message: "[[tokens=1]]" };
			return (await banter.request("POST", "/v1/chat", { headers, body })).status;
		};
		await row(page, "The shop").getByText("never used").waitFor();
		assert.equal(await chat(), 200);
		await until("the use is known", async () => {
			await page.reload();
			await row(page, "The shop").waitFor();
			return (await row(page, "The shop").getByText("last used").count()) === 1;
		});
		await row(page, "The shop").getByText(key.slice(-4)).waitFor();
		assert.equal((await page.content()).includes(key), false);
		await page.getByRole("button", { name: "Revoke: The shop" }).click();
		await button(dialog(page), "Revoke").click();
		await toast(page, "The key is revoked.");
		await page.getByText("No API keys").waitFor();
		await until("the key is refused", async () => (await chat()) === 401);
		assert.deepEqual(unexpected(complaints), []);
	});

	describe("webhooks", () => {
		async function create(page, url) {
			await page.getByRole("link", { name: "Add webhook" }).click();
			await page.getByLabel("Address").fill(url);
			await button(page, "Create webhook").click();
		}

		it("are created, tested, deliver, and are tried again", async () => {
			const { page, complaints } = await open("webhooks");
			await page.getByText("No webhooks").waitFor();
			await create(page, "ftp://example.com");
			await page.locator(".field-error").first().waitFor();
			await assertAccessible(page);
			await page.getByLabel("Address").fill(receiver.url);
			await button(page, "Create webhook").click();
			const secret = await dialog(page).getByLabel("Secret").inputValue();
			assert.match(secret, /^whsec_/);
			await page.keyboard.press("Escape");
			await button(page, "Send a test").click();
			await page.getByText("It arrived: status 200").waitFor();
			assert.ok(receiver.deliveries.some(({ json }) => json.kind === "test"));
			receiver.answer = () => 500;
			await button(page, "Send a test").click();
			await page.getByText("It did not arrive: status 500.").waitFor();
			receiver.answer = () => 200;
			await banter.chat("hooked", "[[tokens=1]]");
			const sent = row(page, "conversation · created");
			await sent.getByText("Delivered").waitFor();
			const count = () =>
				receiver.deliveries.filter(({ json }) => json.kind === "conversation").length;
			const before = count();
			await sent.getByRole("button").click();
			await toast(page, "It will be sent again within seconds.");
			await until("it came again", () => count() > before);
			await assertAccessible(page);
			await page.reload();
			await page.getByLabel("Address").waitFor();
			assert.equal((await page.content()).includes(secret), false);
			assert.deepEqual(unexpected(complaints), []);
		});

		it("get a new secret, which is shown once, and the old one ends", async () => {
			const [webhook] = (await admin("GET", "webhooks")).webhooks;
			const { page, complaints } = await open(`webhooks/${webhook.id}`);
			// What the form has changed before is not saved, and is no conflict with the secret.
			await page.getByRole("checkbox", { name: "rating" }).check();
			await button(page, "New secret").click();
			const secret = await dialog(page).getByLabel("Secret").inputValue();
			assert.match(secret, /^whsec_/);
			await assertAccessible(page);
			await page.keyboard.press("Escape");
			await page.getByText("The old secret stays valid until").waitFor();
			assert.ok((await admin("GET", `webhooks/${webhook.id}`)).old_secret_until > Date.now());
			await button(page, "Save").click();
			await toast(page, "Saved");
			const isTold = async () =>
				(await admin("GET", `webhooks/${webhook.id}`)).kinds.includes("rating");
			assert.ok(await isTold());
			await page.getByRole("checkbox", { name: "rating" }).uncheck();
			await button(page, "End the old secret").click();
			await toast(page, "The old secret is no longer valid.");
			await button(page, "Save").click();
			await until("it is saved", async () => !(await isTold()));
			await button(page, "New secret").waitFor();
			assert.equal((await admin("GET", `webhooks/${webhook.id}`)).old_secret_until, null);
			assert.equal((await page.content()).includes(secret), false);
			assert.deepEqual(unexpected(complaints), []);
		});

		it("are changed; when two people do, nothing is overwritten", async () => {
			const [webhook] = (await admin("GET", "webhooks")).webhooks;
			const { page } = await open(`webhooks/${webhook.id}`);
			await page.getByRole("checkbox", { name: "note" }).check();
			await admin("PUT", `webhooks/${webhook.id}`, { kinds: ["reply"] });
			await button(page, "Save").click();
			await page.getByText("Somebody else has changed this in the meantime.").waitFor();
			await assertAccessible(page);
			assert.deepEqual((await admin("GET", `webhooks/${webhook.id}`)).kinds, ["reply"]);
			await button(page, "Take the other version").click();
			assert.equal(await page.getByRole("checkbox", { name: "note" }).isChecked(), false);
			assert.equal(await page.getByRole("checkbox", { name: "reply" }).isChecked(), true);
			await page.getByLabel("Enabled").click();
			await button(page, "Save").click();
			await toast(page, "Saved");
			assert.equal((await admin("GET", `webhooks/${webhook.id}`)).enabled, false);
		});

		it("are deleted after a question", async () => {
			const { page } = await open("webhooks");
			await page.getByRole("link", { name: receiver.url }).click();
			await button(page, "Delete webhook").click();
			await button(dialog(page), "Delete webhook").click();
			await toast(page, "The webhook is deleted.");
			await page.getByText("No webhooks").waitFor();
			assert.deepEqual((await admin("GET", "webhooks")).webhooks, []);
		});
	});

	describe("limits", () => {
		const organization = (page) => page.getByRole("group", { name: "All widgets together" });

		it("are budgets, with what was used", async () => {
			await avoidMidnight();
			const { page, complaints } = await open("limits");
			await organization(page).getByLabel("Per day").fill("many");
			await button(page, "Save").click();
			await page.getByText("Enter a whole number of tokens up to").waitFor();
			await assertAccessible(page);
			await organization(page).getByLabel("Per day").fill("2000000");
			await button(page, "Save").click();
			await toast(page, "Saved");
			assert.equal((await admin("GET", "budgets")).organization.dailyTokens, 2_000_000);
			await banter.chat("spends", "[[tokens=5]]");
			const { today } = (await admin("GET", "budgets")).organization;
			await organization(page)
				.getByText(`${today.toLocaleString("en-US")} of 2,000,000 used`)
				.waitFor();
			assert.deepEqual(unexpected(complaints), []);
		});

		it("are not overwritten when two people change them", async () => {
			const { page } = await open("limits");
			await organization(page).getByLabel("Per month").fill("7000000");
			await admin("PUT", "budgets", { organization: { dailyTokens: 3_000_000 }, widgets: {} });
			await button(page, "Save").click();
			await page.getByText("Somebody else has changed this in the meantime.").waitFor();
			assert.equal((await admin("GET", "budgets")).organization.monthlyTokens, null);
			await button(page, "Keep my changes").click();
			await button(page, "Save").click();
			await toast(page, "Saved");
			assert.equal((await admin("GET", "budgets")).organization.monthlyTokens, 7_000_000);
		});

		it("erase conversations after some days", async () => {
			const { page } = await open("limits");
			const days = page.locator(".retention input");
			await days.fill("0");
			await page.locator(".retention").getByRole("button", { name: "Save" }).click();
			await page.getByText("Enter 1 to 36,500 days, or nothing.").waitFor();
			await days.fill("90");
			await page.locator(".retention").getByRole("button", { name: "Save" }).click();
			await toast(page, "Saved");
			assert.equal((await admin("GET", "widgets")).widgets[0].retention_days, 90);
		});
	});

	it("prices are set for the models in use, and removed", async () => {
		const { page, complaints } = await open("prices");
		await button(page, "Add 1 model that agents use").click();
		await page.getByLabel("Currency").fill("eur");
		await button(page, "Save").click();
		await page.getByText("Enter a price with at most six decimals.").first().waitFor();
		await assertAccessible(page);
		await page.getByLabel("Prompts").fill("0,4");
		await page.getByLabel("Replies").fill("1.6");
		await button(page, "Save").click();
		await toast(page, "Saved");
		assert.deepEqual(await admin("GET", "prices"), {
			models: { "gpt-4.1-mini": { inputPerMillion: 0.4, outputPerMillion: 1.6 } },
			currency: "EUR",
		});
		await button(page, "Remove gpt-4.1-mini").click();
		await button(page, "Save").click();
		await until("there are none", async () => {
			const { models } = await admin("GET", "prices");
			return Object.keys(models).length === 0;
		});
		assert.deepEqual(unexpected(complaints), []);
	});

	describe("the server", () => {
		it("shows its parts and settings, which can be searched, and no secret", async () => {
			const { page, complaints } = await open("server");
			await row(page, "Store").getByText("Works").waitFor();
			await row(page, "Search").getByText("Not responding").waitFor();
			await row(page, "Crawler").getByText("Not running").waitFor();
			await page
				.getByText(/^\d[\d,.]* [kMGT]B$/)
				.first()
				.waitFor();
			const never = page.getByText("Never on this machine", { exact: true });
			await never.waitFor();
			await expectTool(banter, 0, "backup", join(banter.dir, "backup"));
			await button(page, "Refresh").click();
			await never.waitFor({ state: "detached" });
			await expectTool(banter, 73, "backup", join(banter.dir, "none/backup"));
			await button(page, "Refresh").click();
			await page.getByText(/: .*none\/backup.*No such file/).waitFor();
			const lines = page.locator(".effective-line");
			const all = await lines.count();
			await page.getByRole("searchbox").fill("widget_api_key");
			await until("fewer are shown", async () => (await lines.count()) < all);
			await lines.first().getByText("••••••••").waitFor();
			assert.equal((await page.content()).includes(WIDGET_KEY), false);
			await page.getByRole("searchbox").fill("no such setting");
			await page.getByText("No setting matches.").waitFor();
			await assertAccessible(page);
			const [notices] = await Promise.all([
				page.context().waitForEvent("page"),
				page.getByRole("link", { name: "Licenses of third-party software" }).click(),
			]);
			await notices.getByRole("heading", { name: /^uplot/ }).waitFor();
			await notices.getByRole("heading", { name: /^preact [\d.]+, MIT$/ }).waitFor();
			assert.deepEqual(unexpected(complaints), []);
		});

		it("follows by itself while somebody looks", async () => {
			const { page } = await open("server", { prepare: (context) => context.clock.install() });
			await page.locator("#main").getByText("banter", { exact: true }).waitFor();
			const again = page.waitForRequest("**/v1/admin/server");
			await page.clock.runFor(10_000);
			await again;
		});

		it("says that a model server's account has no credit", async () => {
			const { page } = await open("server");
			await row(page, "Model server").getByText("Works").waitFor();
			assert.equal(await row(page, "Model account").count(), 0);
			await banter.chat("unpaid", "[[fail=402]] hello");
			await button(page, "Refresh").click();
			const account = row(page, "Model account");
			await account.getByText("No credit", { exact: true }).waitFor();
			await account.getByText("The log names the server (model_unpaid).").waitFor();
			await assertAccessible(page);
		});

		it("is not shown to owners of other organizations", async () => {
			const { headers } = await addOrganization(banter, "Other");
			const { page } = await open("server", { session: headers });
			await page.getByText("Only for those who run the server").waitFor();
			await assertAccessible(page);
		});
	});
});

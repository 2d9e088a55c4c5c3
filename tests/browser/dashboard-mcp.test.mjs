// The dashboard's settings for tools of an MCP server: importing some, and looking at one that the server has changed.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { until } from "../e2e/harness.mjs";
import { McpShop } from "../shop/mcp-shop.mjs";
import { missing } from "./browser.mjs";
import { assertAccessible, useDashboard } from "./dashboard.mjs";

/** Without those of requests that the server refuses, and is expected to. */
const unexpected = (complaints) => complaints.filter((one) => !one.includes("status of 422"));

describe("the dashboard's settings for tools of an MCP server", { skip: missing }, () => {
	const { admin, visit } = useDashboard({ areKept: true, env: { TOOLS_ALLOW: "127.0.0.0/8" } });
	const shop = new McpShop("2025-11-25");
	before(() => shop.start());
	after(() => shop.stop());

	const button = (page, name) => page.getByRole("button", { name, exact: true });
	const dialog = (page) => page.getByRole("dialog");
	const choice = (page, text) => dialog(page).locator(".mcp-tool", { hasText: text });
	const toolOf = async (name) =>
		(await admin("GET", "tools")).tools.find(({ mcpTool }) => mcpTool === name);

	it("imports those that are chosen, for the visitor to confirm", async () => {
		const { page, complaints } = await visit("/settings/tools");
		await button(page, "Import from an MCP server").click();
		await dialog(page).getByLabel("Address").fill(shop.url);
		await button(dialog(page), "Show its tools").click();
		await dialog(page).getByText("credentials (401)").waitFor();
		await dialog(page).getByLabel("Secret").fill("s3cret");
		await button(dialog(page), "Show its tools").click();
		await dialog(page).getByText("Tools of the server: 4").waitFor();
		assert.ok(await choice(page, "mirrored").getByRole("checkbox").isDisabled());
		await choice(page, "orders.find").getByRole("checkbox").check();
		await choice(page, "orders.find").getByLabel("What a call needs").selectOption("read");
		await choice(page, "Refunds an order").getByRole("checkbox").check();
		await assertAccessible(page);
		await button(dialog(page), "Import the chosen ones").click();
		await page.locator(".toasts").getByText("Imported tools: 2").waitFor();
		await page.locator(".settings-row", { hasText: "orders_find" }).waitFor();
		const [find, refund] = [await toolOf("orders.find"), await toolOf("refund")];
		assert.deepEqual([find.class, refund.class, refund.hasSecret], ["read", "confirm", true]);
		assert.deepEqual(unexpected(complaints), []);
		await page.close();
	});

	it("shows what the server has changed, which an owner accepts", async () => {
		const { id } = await toolOf("orders.find");
		shop.tools["orders.find"].description = "Finds an order, also by its e-mail address";
		await admin("POST", `tools/${id}/test`, { arguments: { order: "1042" } });
		await until("the tool is marked", async () => (await toolOf("orders.find")).mcpChanged);
		const { page, complaints } = await visit("/settings/tools");
		await page.locator(".settings-row", { hasText: "Changed" }).waitFor();
		await page.getByRole("link", { name: "orders_find" }).click();
		await page.getByText("No model gets it until you accept the change").waitFor();
		await button(page, "Compare with the server").click();
		await page.getByText("also by its e-mail address").waitFor();
		await assertAccessible(page);
		await button(page, "Accept the change").click();
		await page.locator(".toasts").getByText("The change is accepted.").waitFor();
		const accepted = await toolOf("orders.find");
		assert.deepEqual(
			[accepted.mcpChanged, accepted.description],
			[false, "Finds an order, also by its e-mail address"],
		);
		await until(
			"the form has it",
			async () =>
				(await page.getByLabel("Description for the model").inputValue()) === accepted.description,
		);
		await button(page, "Compare with the server").click();
		await page.getByText("as it was accepted").waitFor();
		assert.deepEqual(unexpected(complaints), []);
		await page.close();
	});
});

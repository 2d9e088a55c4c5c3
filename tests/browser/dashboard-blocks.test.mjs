// The dashboard's list of blocks: a visitor is blocked from its conversation, and may write again when the block is removed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addUser } from "../e2e/accounts.mjs";
import { until, useBanter } from "../e2e/harness.mjs";
import { missing, useBrowser } from "./browser.mjs";
import { assertAccessible } from "./dashboard.mjs";
import { useInbox } from "./inbox.mjs";

describe("a visitor in the dashboard", { skip: missing }, () => {
	const banter = useBanter({ workers: 1 });
	const browser = useBrowser({ areKept: true });
	const { admin, say, signIn, show } = useInbox(banter, browser);

	it("is blocked from its conversation, and the settings say by whom and why", async () => {
		const jane = await addUser(banter, "jane@blocks.example", "--name", "Jane", "--member");
		await say("rude");
		const [{ _id }] = (await admin("GET", "conversations")).conversations;
		const { page, complaints } = await signIn(jane);
		await show(page, `/conversations/${_id}`);
		await page.getByRole("button", { name: "More actions for this conversation" }).click();
		await page.getByRole("menuitem", { name: "Block the visitor" }).click();
		const dialog = page.getByRole("dialog", { name: "Block" });
		assert.equal(await dialog.getByLabel("Target").inputValue(), "rude");
		await dialog.getByRole("button", { name: "Block" }).click();
		await dialog
			.getByText(/characters/)
			.first()
			.waitFor();
		await dialog.getByLabel("Reason").fill("Insults");
		await assertAccessible(page);
		await dialog.getByRole("button", { name: "Block" }).click();
		const row = page.getByRole("listitem").filter({ hasText: "Insults" });
		await row.getByText("rude").waitFor();
		await row.getByText("Jane").waitFor();
		assert.equal((await banter.chat("rude", "again")).status, 403);
		await assertAccessible(page);
		await row.getByRole("button", { name: "Remove the block of rude" }).click();
		await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
		await page.getByText("No blocks yet").waitFor();
		await until("it is removed", async () => (await admin("GET", "blocks")).blocks.length === 0);
		assert.equal((await banter.chat("rude", "again")).status, 200);
		assert.ok(
			complaints.every((one) => one.includes("422")),
			complaints.join(),
		);
	});
});

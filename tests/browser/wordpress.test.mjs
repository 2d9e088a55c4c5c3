// The WordPress plugin (widget/wordpress) on Debian's WordPress, with MariaDB and PHP's own server.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ROOT, until } from "../e2e/harness.mjs";
import { missing } from "./browser.mjs";
import { useSite, Visitor } from "./site.mjs";
import { ADMIN_NAME, missingWordPress, signIn, unpack, WordPress } from "./wordpress.mjs";

/** What script optimizers do to the scripts that do not have the mark: their type, "" if they join all in one file. */
const OPTIMIZERS = {
	"Rocket Loader": ['data-cfasync="false"', "1f2c-text/javascript"],
	"WP Rocket": ["nowprocket", "rocketlazyloadscript"],
	LiteSpeed: ["data-no-optimize", "litespeed/javascript"],
	Autoptimize: ["data-noptimize", ""],
};

/** A page cache, and a script optimizer, of which files tell what to do. */
const CACHE = `<?php
$cached = WP_CONTENT_DIR . '/cached.html';
if ( '/' === $_SERVER['REQUEST_URI'] && file_exists( $cached ) ) { readfile( $cached ); exit; }
if ( file_exists( WP_CONTENT_DIR . '/optimizer.json' ) && ! is_admin() ) {
	ob_start( function ( $html ) {
		list( $mark, $type ) = json_decode( file_get_contents( WP_CONTENT_DIR . '/optimizer.json' ) );
		return preg_replace_callback( '#<script\\b[^>]*>#', function ( $found ) use ( $mark, $type ) {
			if ( false !== strpos( $found[0], $mark ) ) { return $found[0]; }
			return '' === $type ? '<script type="gone">' : str_replace( '<script', '<script type="' . $type . '"', $found[0] );
		}, $html );
	} );
}`;

/** Has the functions of WooCommerce that the plugin calls. */
const SHOP = `<?php
function wc_get_orders( $query ) {
	if ( 1 !== $query['customer_id'] || 'DESC' !== $query['order'] ) { return array(); }
	return array( new class { function get_order_number() { return '1042'; } function get_status() { return 'processing'; } } );
}
function WC() {
	return (object) array( 'cart' => new class {
		function get_cart_contents_count() { return 3; }
		function get_cart_total() { return '<span>29,90&nbsp;&euro;</span>'; }
	} );
}`;

describe("the WordPress plugin", { skip: missing || missingWordPress }, () => {
	const site = useSite();
	const folder = mkdtempSync(join(tmpdir(), "banter-plugin-"));
	let shop;
	let widget;
	let secret;
	before(async () => {
		execFileSync("node", [join(ROOT, "widget/wordpress/build.mjs"), "1.2.3", folder]);
		unpack(join(folder, "banter-chat.zip"), folder);
		shop = await WordPress.start(join(folder, "banter-chat"));
		mkdirSync(contentFile("mu-plugins"));
		writeFileSync(contentFile("mu-plugins/cache.php"), CACHE);
		widget = await site.createWidget({});
		({ secret } = await site.admin("POST", `widgets/${widget.id}/identity-secret`));
	});
	after(async () => {
		await shop?.stop();
		rmSync(folder, { recursive: true, force: true });
	});

	const set = (more = {}) =>
		shop.setOptions({
			server: site.banter.url,
			widget: widget.widget_id,
			secret,
			pages: "",
			hidden_for: [],
			woocommerce: false,
			...more,
		});

	async function visit(address = shop.url, context = undefined) {
		const own = context ?? (await site.newContext());
		const visitor = new Visitor(own, await own.newPage());
		visitor.asked = [];
		visitor.page.on("request", (request) => {
			if (request.url().includes("admin-ajax")) visitor.asked.push(request.postData());
		});
		await visitor.page.goto(address);
		return visitor;
	}

	/** A signed-in user's browser. */
	async function signedIn() {
		const context = await site.newContext();
		const page = await context.newPage();
		await signIn(page, shop);
		await page.close();
		return context;
	}

	const launcher = ({ page }) => page.locator("banter-chat .launcher");

	const contentFile = (name) => join(shop.root, "wp-content", name);

	/** The last one that was said is in the reply. */
	async function talk(visitor, said) {
		await launcher(visitor).click();
		await visitor.say(`[[text="Hello, ${said}"]] Hi`);
		await visitor.logUntil("it is answered", (text) => text.includes(`Hello, ${said}`));
	}

	/** The conversation in which this was said. */
	const conversationWith = (said) =>
		until("it is stored", async () => {
			const { conversations } = await site.admin("GET", "conversations");
			return conversations.find(({ lastMessage }) => lastMessage === `Hello, ${said}`);
		});

	it("has a settings page that says what is invalid, and never shows the secret again", async () => {
		const context = await signedIn();
		const page = await context.newPage();
		const open = () => page.goto(`${shop.url}/wp-admin/options-general.php?page=banter-chat`);
		const save = () => page.locator("#submit").click();
		await open();
		await page.getByLabel("Address of the chat server").fill(`${site.banter.url}/`);
		await page.getByLabel("Widget id").fill("wid_short");
		await page.getByLabel("Identity secret").fill(secret);
		await page.getByLabel("Only on these pages").fill("/one\n/two/*");
		await save();
		await page.getByText("A widget id begins with wid_").waitFor();
		await page.getByLabel("Widget id").fill(widget.widget_id);
		await page.getByLabel("Subscriber").check();
		await save();
		await page.getByText("A secret is stored").waitFor();
		assert.equal((await page.content()).includes(secret), false);
		const stored = () => JSON.parse(shop.php("echo json_encode( get_option( 'banter_chat' ) );"));
		assert.deepEqual(stored(), {
			server: site.banter.url,
			widget: widget.widget_id,
			secret,
			pages: "/one\n/two/*",
			hidden_for: ["subscriber"],
			woocommerce: false,
		});
		await page.getByLabel("Remove the secret").check();
		await save();
		await page.getByText("With the secret of the widget").waitFor();
		assert.equal(stored().secret, "");
	});

	it("shows the chat to a visitor, whose page is the same for all and asks nothing", async () => {
		set();
		const visitor = await visit();
		await talk(visitor, "anonymous");
		assert.deepEqual(visitor.asked, []);
		assert.deepEqual(visitor.complaints, []);
		assert.equal((await conversationWith("anonymous")).contact, null);
		const context = await signedIn();
		const [mine, theirs] = await Promise.all([
			context.request.get(shop.url),
			fetch(shop.url).then((answer) => answer.text()),
		]);
		const chatOf = (html) => /<div id="banter-chat"[^>]*>/.exec(html)?.[0];
		assert.ok(chatOf(theirs));
		assert.equal(chatOf(await mine.text()), chatOf(theirs));
	});

	it("says who is signed in, with proof, also on a page of a cache; a sign-out ends the conversation", async () => {
		set();
		writeFileSync(contentFile("cached.html"), await fetch(shop.url).then((one) => one.text()));
		const context = await signedIn();
		const visitor = await visit(shop.url, context);
		await talk(visitor, "signed in");
		const { contact } = await conversationWith("signed in");
		const [found] = (await site.admin("GET", "contacts?q=ann@example.com")).contacts;
		assert.deepEqual(
			[contact.email, found.user_id, found.name],
			["ann@example.com", "1", ADMIN_NAME],
		);
		assert.equal(visitor.asked.length, 1);
		await visitor.page.goto(`${shop.url}/wp-login.php?action=logout`);
		await visitor.page.getByRole("link", { name: "log out" }).click();
		await visitor.page.getByText("You are now logged out").waitFor();
		await visitor.page.goto(shop.url);
		await visitor.chat.waitFor();
		await visitor.logUntil("nothing of it is shown", (text) => !text.includes("signed in"));
		// WordPress asks whether to sign out with status 403.
		assert.deepEqual(
			visitor.complaints.filter((one) => !one.includes("403")),
			[],
		);
		rmSync(contentFile("cached.html"));
	});

	for (const [name, optimizer] of Object.entries(OPTIMIZERS))
		it(`works beside ${name}`, async () => {
			set();
			writeFileSync(contentFile("optimizer.json"), JSON.stringify(optimizer));
			await talk(await visit(), name);
			rmSync(contentFile("optimizer.json"));
		});

	it("is on the pages that are named, and not for the roles that are named", async () => {
		set({ pages: "/about\n/shop/*" });
		const about = shop.addPage("about", "About us");
		const other = shop.addPage("other", "Other");
		const shows = async (address) =>
			(await fetch(address).then((answer) => answer.text())).includes('id="banter-chat"');
		assert.deepEqual(
			[await shows(about), await shows(other), await shows(shop.url)],
			[true, false, false],
		);
		set({ hidden_for: ["administrator"] });
		const visitor = await visit(shop.url, await signedIn());
		await until("it was asked", () => visitor.asked.length === 1);
		await visitor.page.waitForLoadState("networkidle");
		assert.equal(await visitor.page.locator("banter-chat").count(), 0);
		await launcher(await visit()).waitFor();
	});

	it("is in the text of a page by the block and the shortcode, whatever pages are named", async () => {
		set({ pages: "/nowhere" });
		const pages = [
			shop.addPage("block", "<!-- wp:banter/chat /-->"),
			shop.addPage("shortcode", "[banter_chat]"),
		];
		for (const address of pages) {
			const { page, chat } = await visit(address);
			await chat.waitFor();
			assert.equal(await page.locator("[data-banter-place] banter-chat").count(), 1);
		}
		const button = shop.addPage("button", '[banter_chat button="Ask <us>"]');
		const visitor = await visit(button);
		await visitor.page.getByRole("button", { name: "Ask" }).click();
		await visitor.chat.waitFor();
		const admin = await (await signedIn()).newPage();
		await admin.goto(`${shop.url}/wp-admin/post-new.php?post_type=page`);
		await until("the editor knows the block", () =>
			admin.evaluate(() => Boolean(window.wp?.blocks?.getBlockType("banter/chat"))),
		);
	});

	it("tells what WooCommerce knows, only if that is switched on", async () => {
		writeFileSync(contentFile("mu-plugins/shop.php"), SHOP);
		const contextOf = async (said) => {
			const { _id } = await conversationWith(said);
			return (await site.admin("GET", `conversations/${_id}`)).conversation.context;
		};
		set();
		await talk(await visit(shop.url, await signedIn()), "without facts");
		assert.equal(await contextOf("without facts"), null);
		set({ woocommerce: true });
		await talk(await visit(shop.url, await signedIn()), "with facts");
		const cart = { cartItems: 3, cartTotal: "29,90\u00a0€" };
		const order = { lastOrder: "1042", lastOrderStatus: "processing" };
		assert.deepEqual(await contextOf("with facts"), { ...order, ...cart });
		const guest = await site.newContext();
		await guest.addCookies([{ name: "woocommerce_items_in_cart", value: "1", url: shop.url }]);
		await talk(await visit(shop.url, guest), "guest");
		assert.deepEqual(await contextOf("guest"), cart);
	});

	for (const [locale, label] of [
		["de_DE", "Nur auf diesen Seiten"],
		["fr_FR", "Uniquement sur ces pages"],
		["es_ES", "Solo en estas páginas"],
		["it_IT", "Solo su queste pagine"],
	])
		it(`speaks ${locale}`, () => {
			const text = shop.php(
				`switch_to_locale( '${locale}' ); load_textdomain( 'banter-chat', WP_PLUGIN_DIR . '/banter-chat/languages/banter-chat-${locale}.mo' ); echo __( 'Only on these pages', 'banter-chat' );`,
			);
			assert.equal(text, label);
		});

	it("leaves nothing when it is removed, and PHP has not complained", () => {
		assert.deepEqual(shop.complaints(), []);
		const left = shop.php(
			"define( 'WP_UNINSTALL_PLUGIN', 'banter-chat' ); require WP_PLUGIN_DIR . '/banter-chat/uninstall.php'; echo json_encode( get_option( 'banter_chat' ) );",
		);
		assert.equal(left, "false");
	});
});

// Debian's WordPress with our plugin, a small theme, and PHP's and MariaDB's servers of its own, in a temporary folder.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, ROOT, until } from "../e2e/harness.mjs";

const SOURCE = join(ROOT, "build/tools/wordpress");
const PROGRAMS = ["/usr/bin/php", "/usr/sbin/mariadbd", "/usr/bin/mariadb-install-db"];

/** Why there is no WordPress to test with, or false. */
export const missingWordPress = (() => {
	const absent = [SOURCE, ...PROGRAMS].find((path) => !existsSync(path));
	return absent !== undefined && `no ${absent}`;
})();

export const ADMIN_NAME = "admin";
export const ADMIN_PASSWORD = "correct horse battery staple";

const THEME = {
	"style.css": "/* Theme Name: Plain */",
	"index.php": `<!doctype html><html <?php language_attributes(); ?>><head><?php wp_head(); ?></head><body>
<?php while ( have_posts() ) { the_post(); the_title( '<h1>', '</h1>' ); the_content(); } wp_footer(); ?></body></html>`,
};

/** Permanent addresses: what is no file is a page. */
const ROUTER = `<?php
$path = urldecode( parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH ) );
if ( is_dir( __DIR__ . $path ) && is_file( __DIR__ . $path . '/index.php' ) ) {
	$path = rtrim( $path, '/' ) . '/index.php';
}
if ( is_file( __DIR__ . $path ) && '/' !== $path ) {
	if ( substr( $path, -4 ) !== '.php' ) { return false; }
	$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = $path;
	$_SERVER['SCRIPT_FILENAME'] = __DIR__ . $path;
	chdir( dirname( __DIR__ . $path ) );
	require __DIR__ . $path;
	return true;
}
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
require __DIR__ . '/index.php';`;

const configOf = (socket, url) => `<?php
define( 'DB_NAME', 'wordpress' ); define( 'DB_USER', 'root' ); define( 'DB_PASSWORD', '' );
define( 'DB_HOST', 'localhost:${socket}' ); define( 'DB_CHARSET', 'utf8mb4' ); define( 'DB_COLLATE', '' );
define( 'WP_HOME', '${url}' ); define( 'WP_SITEURL', '${url}' );
define( 'WP_DEBUG', true ); define( 'WP_DEBUG_LOG', __DIR__ . '/debug.log' ); define( 'WP_DEBUG_DISPLAY', false );
define( 'WP_HTTP_BLOCK_EXTERNAL', true ); define( 'DISABLE_WP_CRON', true ); define( 'AUTOMATIC_UPDATER_DISABLED', true );
${["AUTH", "SECURE_AUTH", "LOGGED_IN", "NONCE"].map((one) => `define( '${one}_KEY', '${one}-key' ); define( '${one}_SALT', '${one}-salt' );`).join(" ")}
$table_prefix = 'wp_';
if ( ! defined( 'ABSPATH' ) ) { define( 'ABSPATH', __DIR__ . '/' ); }
require_once ABSPATH . 'wp-settings.php';`;

export class WordPress {
	#servers = [];

	/** plugin: the folder of the unpacked plugin. */
	static async start(plugin) {
		const site = new WordPress();
		try {
			await site.#begin(plugin);
		} catch (error) {
			await site.stop();
			throw error;
		}
		return site;
	}

	async #begin(plugin) {
		this.folder = mkdtempSync(join(tmpdir(), "banter-wordpress-"));
		this.root = join(this.folder, "site");
		const data = join(this.folder, "data");
		const socket = join(this.folder, "sql");
		const port = await freePort();
		this.url = `http://localhost:${port}`;
		cpSync(SOURCE, this.root, { recursive: true });
		const theme = join(this.root, "wp-content/themes/plain");
		mkdirSync(theme, { recursive: true });
		for (const [name, text] of Object.entries(THEME)) writeFileSync(join(theme, name), text);
		cpSync(plugin, join(this.root, "wp-content/plugins/banter-chat"), { recursive: true });
		writeFileSync(join(this.root, "wp-config.php"), configOf(socket, this.url));
		writeFileSync(join(this.root, "router.php"), ROUTER);
		execFileSync(
			"mariadb-install-db",
			[
				"--no-defaults",
				`--datadir=${data}`,
				"--auth-root-authentication-method=normal",
				...(process.getuid() === 0 ? ["--user=root"] : []),
			],
			{ stdio: "pipe" },
		);
		this.#serve("/usr/sbin/mariadbd", [
			"--no-defaults",
			`--datadir=${data}`,
			`--socket=${socket}`,
			"--skip-networking",
			"--innodb-buffer-pool-size=16M",
			"--innodb-flush-log-at-trx-commit=0",
			...(process.getuid() === 0 ? ["--user=root"] : []),
		]);
		await until("MariaDB is ready", () => {
			try {
				this.php(
					`(new mysqli( 'localhost', 'root', '', '', 0, '${socket}' ))->query( 'CREATE DATABASE IF NOT EXISTS wordpress' );`,
					false,
				);
				return true;
			} catch {
				return false;
			}
		});
		this.php(
			`define( 'WP_INSTALLING', true ); require 'wp-load.php'; require ABSPATH . 'wp-admin/includes/upgrade.php';
			define( 'WP_DEFAULT_THEME', 'plain' );
			wp_install( 'A shop', '${ADMIN_NAME}', 'ann@example.com', true, '', '${ADMIN_PASSWORD}' );`,
			false,
		);
		this.php(
			"switch_theme( 'plain' ); update_option( 'permalink_structure', '/%postname%/' ); flush_rewrite_rules();",
		);
		this.php(
			"require ABSPATH . 'wp-admin/includes/plugin.php'; $e = activate_plugin( 'banter-chat/banter-chat.php' ); if ( is_wp_error( $e ) ) { throw new Exception( $e->get_error_message() ); }",
		);
		this.#serve(
			"/usr/bin/php",
			["-S", `127.0.0.1:${port}`, "-t", this.root, join(this.root, "router.php")],
			{
				PHP_CLI_SERVER_WORKERS: "4",
			},
		);
		await until("WordPress answers", () =>
			fetch(this.url).then(
				({ ok }) => ok,
				() => false,
			),
		);
	}

	#serve(program, args, env = {}) {
		// A group of its own: PHP's server has processes that do not end with it.
		const options = { stdio: "ignore", detached: true, env: { ...process.env, ...env } };
		const child = spawn(program, args, options);
		this.#servers.push(child);
	}

	/** Runs PHP, usually in WordPress; what it prints. */
	php(code, isInside = true) {
		const all = isInside ? `require 'wp-load.php'; ${code}` : code;
		const options = { cwd: this.root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] };
		return execFileSync("/usr/bin/php", ["-r", all], options);
	}

	/** A published page; its address. */
	addPage(name, content) {
		this.php(`wp_insert_post( array( 'post_type' => 'page', 'post_status' => 'publish', 'post_title' => '${name}',
			'post_name' => '${name}', 'post_content' => ${JSON.stringify(content).replaceAll("$", "\\$")} ) );`);
		return `${this.url}/${name}/`;
	}

	setOptions(options) {
		const json = JSON.stringify(options).replaceAll("\\", "\\\\").replaceAll("'", "\\'");
		this.php(
			`update_option( 'banter_chat', array_merge( banter_chat_options(), json_decode( '${json}', true ) ) );`,
		);
	}

	/** What PHP has complained about in the plugin. */
	complaints() {
		return this.php(
			"echo file_exists( 'debug.log' ) ? file_get_contents( 'debug.log' ) : '';",
			false,
		)
			.split("\n")
			.filter((line) => line.includes("banter-chat"));
	}

	async stop() {
		for (const child of this.#servers.reverse()) {
			if (child.exitCode !== null || child.pid === undefined) continue;
			const ended = new Promise((done) => child.once("exit", done));
			process.kill(-child.pid, "SIGTERM");
			await ended;
		}
		if (this.folder) rmSync(this.folder, { recursive: true, force: true });
	}
}

/** Unpacks an archive as WordPress does. */
export function unpack(archive, folder) {
	const code = `require '${SOURCE}/wp-admin/includes/class-pclzip.php';
		if ( ! ( new PclZip( '${archive}' ) )->extract( PCLZIP_OPT_PATH, '${folder}' ) ) { exit( 1 ); }`;
	execFileSync("/usr/bin/php", ["-r", code]);
}

/** Signs in on the login page. */
export async function signIn(page, { url }, name = ADMIN_NAME, password = ADMIN_PASSWORD) {
	await page.goto(`${url}/wp-login.php`);
	await page.locator("#user_login").fill(name);
	await page.locator("#user_pass").fill(password);
	await page.locator("#wp-submit").click();
	// The page behind it has pictures from hosts that may not answer.
	await page.waitForURL((address) => !address.pathname.endsWith("wp-login.php"), {
		waitUntil: "commit",
	});
	assert.ok(
		(await page.context().cookies()).some((one) => one.name.startsWith("wordpress_logged_in")),
	);
}

// Builds the widget and its demo pages into dist/, each file also precompressed as .br and .gz.
// With --tests it bundles the unit tests instead, because node:test of Node 20 cannot run
// TypeScript.

import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL(".", import.meta.url));
const dist = join(root, "dist");
const brotli = promisify(zlib.brotliCompress);
const gzip = promisify(zlib.gzip);

/** Embeds the shadow tree's style sheet in the script: `import { css } from "….css"`. */
const cssAsText = {
	name: "css-as-text",
	setup({ onLoad }) {
		onLoad({ filter: /\.css$/ }, async ({ path }) => {
			const { outputFiles } = await build({
				entryPoints: [path],
				bundle: true,
				minify: true,
				write: false,
				logLevel: "warning",
			});
			const css = outputFiles[0].text.trim();
			return { contents: `export const css = ${JSON.stringify(css)};`, loader: "js" };
		});
	},
};

const browser = {
	absWorkingDir: root,
	bundle: true,
	minify: true,
	format: "iife",
	target: "es2020",
	legalComments: "none",
	logLevel: "warning",
};

async function buildWidget() {
	await build({
		...browser,
		entryPoints: { "chat-widget": "src/index.ts" },
		outdir: "dist",
		plugins: [cssAsText],
	});
}

async function buildPages() {
	const names = ["widget-test", "headless-test"];
	await build({
		...browser,
		entryPoints: [...names.map((name) => `pages/${name}.ts`), "pages/demo.css"],
		outdir: "dist/demo",
	});
	for (const name of names) {
		await writeFile(join(dist, `${name}.html`), await readFile(join(root, `pages/${name}.html`)));
	}
}

/** The limit of the compressed script, as the documents state it. */
const WIDGET_BYTES_MAX = 17.5 * 1024;

async function compress(path) {
	const raw = await readFile(path);
	const br = await brotli(raw, {
		params: {
			[zlib.constants.BROTLI_PARAM_QUALITY]: 11,
			[zlib.constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
		},
	});
	const gz = await gzip(raw, { level: 9 });
	await writeFile(`${path}.br`, br);
	await writeFile(`${path}.gz`, gz);
	return { raw: raw.length, gz: gz.length, br: br.length };
}

async function buildAll() {
	// Remove files that are no longer built: dist/ is installed as a whole.
	await rm(dist, { recursive: true, force: true });
	await mkdir(join(dist, "demo"), { recursive: true });
	await buildWidget();
	await buildPages();

	const demo = (await readdir(join(dist, "demo"))).map((name) => `demo/${name}`);
	const files = [...(await readdir(dist)).filter((name) => name !== "demo"), ...demo];
	for (const name of files) {
		const size = await compress(join(dist, name));
		console.log(`dist/${name}  ${size.raw} raw  ${size.gz} gz  ${size.br} br`);
		if (name === "chat-widget.js" && size.br > WIDGET_BYTES_MAX) {
			throw new Error(`${name} has more than ${WIDGET_BYTES_MAX} bytes`);
		}
	}
}

async function buildTests() {
	const outdir = join(root, "node_modules/.cache/banter-widget");
	const names = await readdir(join(root, "test"));
	await rm(outdir, { recursive: true, force: true });
	await build({
		absWorkingDir: root,
		entryPoints: names.filter((n) => n.endsWith(".test.ts")).map((n) => `test/${n}`),
		outdir,
		outExtension: { ".js": ".mjs" },
		bundle: true,
		platform: "node",
		format: "esm",
		target: "node20",
		sourcemap: "inline",
		plugins: [cssAsText],
		logLevel: "warning",
	});
}

await (process.argv.includes("--tests") ? buildTests() : buildAll());

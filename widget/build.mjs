// Builds the widget and its demo pages into dist/, each file also precompressed as .br and .gz.
// With --tests it bundles the unit tests instead, because node:test of Node 18 cannot run
// TypeScript.

import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { build } from "esbuild";
import { minify } from "terser";

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
			// esbuild keeps the white space in custom properties.
			const css = outputFiles[0].text.trim().replace(/(--[\w-]+[:,]) /g, "$1");
			return { contents: `export const css = ${JSON.stringify(css)};`, loader: "js" };
		});
	},
};

/** Tests have the app's parts in one file. */
const partsInside = {
	name: "parts-inside",
	setup({ onResolve }) {
		onResolve({ filter: /\/part-files$/ }, () => ({ path: join(root, "test/part-files.ts") }));
		onResolve({ filter: /\/file-texts$/ }, () => ({ path: join(root, "test/file-texts.ts") }));
	},
};

/** The keys of English, in their order: `import { keys } from "….json?keys"`. Language files have only the texts. */
const localeKeys = {
	name: "locale-keys",
	setup({ onResolve, onLoad }) {
		onResolve({ filter: /\.json\?keys$/ }, ({ path, resolveDir }) => ({
			path: join(resolveDir, path.replace("?keys", "")),
			namespace: "locale-keys",
		}));
		onLoad({ filter: /./, namespace: "locale-keys" }, async ({ path }) => {
			const keys = Object.keys(JSON.parse(await readFile(path, "utf8"))).join();
			return { contents: `export const keys = ${JSON.stringify(keys)}.split(",");`, loader: "js" };
		});
	},
};

const browser = {
	absWorkingDir: root,
	bundle: true,
	minify: true,
	format: "iife",
	// Safari 14 and the browsers of its time, which replaceChildren() needs, too.
	target: "es2021",
	legalComments: "none",
	logLevel: "warning",
};

/** The first digits of a content's SHA-256. */
function hashOf(...contents) {
	const hash = createHash("sha256");
	for (const content of contents) hash.update(content);
	return hash.digest("hex").slice(0, 8);
}

/** Every language has the keys of English in the same order, each with the same parameters. */
function checkKeys(names, languages) {
	const english = languages[names.indexOf("en.json")];
	const shapeOf = (texts) =>
		Object.entries(texts).map(([key, text]) => `${key} ${text.match(/\{\w+\}/g)?.sort() ?? ""}`);
	const wanted = shapeOf(english);
	for (const [i, name] of names.entries()) {
		const has = shapeOf(languages[i]);
		const wrong = [
			...wanted.filter((one) => !has.includes(one)),
			...has.filter((one) => !wanted.includes(one)),
		];
		if (wrong.length > 0) throw new Error(`${name} differs from en.json: ${wrong.join(", ")}`);
	}
}

/**
 * Writes the languages of a folder as modules lang/<prefix><code>-<hash>.js, one hash for all. A page's policy that
 * allows the script allows them, too; JSON would need connect-src.
 */
async function buildTexts(source, prefix) {
	const folder = join(root, source);
	const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
	const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
	const minified = texts.map((text) => {
		const list = Object.values(JSON.parse(text));
		if (list.some((one) => one.includes("|")))
			throw new Error("a text has a bar, which separates texts");
		// 20 bytes smaller than an array.
		return `export default${JSON.stringify(list.join("|"))}.split("|")`;
	});
	checkKeys(
		names,
		texts.map((text) => JSON.parse(text)),
	);
	const hash = hashOf(...minified);
	for (const [i, name] of names.entries()) {
		const file = `${prefix}${name.replace(".json", `-${hash}.js`)}`;
		await writeFile(join(dist, "lang", file), minified[i]);
	}
	return { languages: names.map((name) => name.replace(".json", "")).join("|"), hash };
}

/** The texts of the app; returns what the loader needs. */
async function buildLanguages() {
	const { languages, hash } = await buildTexts("src/locales", "");
	return { LANGUAGES: languages, LANGUAGE_HASH: hash };
}

const compressed = (raw) =>
	brotli(raw, {
		params: {
			[zlib.constants.BROTLI_PARAM_QUALITY]: 11,
			[zlib.constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
		},
	});

const minifying = {
	toplevel: true,
	ecma: 2021,
	compress: {
		passes: 4,
		unsafe: true,
		unsafe_arrows: true,
		unsafe_methods: true,
		pure_getters: true,
	},
	format: { comments: false },
};

/** Which of them compresses better differs from script to script. */
const WAYS = [
	{},
	{ hoist_funs: true },
	{ lhs_constants: false, sequences: false },
	{
		inline: 1,
		hoist_funs: true,
		comparisons: false,
		lhs_constants: false,
		unsafe_methods: false,
		sequences: false,
		keep_fargs: false,
	},
	{ hoist_funs: true, keep_fargs: false, arrows: false, unsafe_arrows: false },
	{
		inline: 1,
		hoist_funs: true,
		lhs_constants: false,
		unsafe_methods: false,
		sequences: false,
		keep_fargs: false,
		properties: false,
		arrows: false,
		unsafe_arrows: false,
	},
	{
		hoist_vars: true,
		lhs_constants: false,
		sequences: false,
		switches: false,
		conditionals: false,
		properties: false,
		if_return: false,
	},
];

/** Bundles a script of the widget. Terser's output is 5 % smaller than esbuild's. */
async function bundle(entry, format, define = {}) {
	const { outputFiles } = await build({
		...browser,
		minify: false,
		minifySyntax: format === "esm",
		entryPoints: [entry],
		format,
		define: Object.fromEntries(
			Object.entries(define).map(([name, value]) => [name, JSON.stringify(value)]),
		),
		write: false,
		plugins: [cssAsText, localeKeys],
	});
	const found = [];
	for (const way of WAYS) {
		const compress = { ...minifying.compress, ...way };
		const options = { ...minifying, compress, module: format === "esm" };
		const { code } = await minify(outputFiles[0].text, options);
		found.push({ code, size: (await compressed(Buffer.from(code))).length });
	}
	return found.sort((a, b) => a.size - b.size)[0].code;
}

/** Writes the parts of the app as chat-part-<name>-<hash>.js, one hash for all; returns what the app needs. */
async function buildParts() {
	const folder = "src/app/parts";
	const names = (await readdir(join(root, folder))).map((file) => file.replace(".ts", "")).sort();
	const { hash: FILE_TEXTS_HASH } = await buildTexts("src/files/locales", "files-");
	const define = { FILE_TEXTS_HASH };
	const codes = await Promise.all(
		names.map((name) => bundle(`${folder}/${name}.ts`, "esm", define)),
	);
	const hash = hashOf(...codes);
	for (const [i, name] of names.entries())
		await writeFile(join(dist, `chat-part-${name}-${hash}.js`), codes[i]);
	return { PARTS_HASH: hash };
}

/** Writes the app as chat-app-<hash>.js and returns its name. */
async function buildApp() {
	const code = await bundle("src/app/index.ts", "esm", await buildParts());
	const name = `chat-app-${hashOf(code)}.js`;
	await writeFile(join(dist, name), code);
	return name;
}

/** The loader contains the names of the other files. */
async function buildWidget() {
	await copyFile(join(root, "banter.d.ts"), join(dist, "banter.d.ts"));
	const define = {
		APP_FILE: await buildApp(),
		...(await buildLanguages()),
	};
	await writeFile(
		join(dist, "chat-widget.js"),
		await bundle("src/loader/index.ts", "iife", define),
	);
}

/** The page APIs of other chats: src/shims/. */
const SHIMS = ["intercom", "crisp", "chatwoot"];

async function buildShims() {
	for (const name of SHIMS)
		await writeFile(join(dist, `${name}.js`), await bundle(`src/shims/${name}.ts`, "iife"));
}

async function buildPages() {
	const names = ["widget-test", "headless-test", "chat"];
	await build({
		...browser,
		entryPoints: [...names.map((name) => `pages/${name}.ts`), "pages/demo.css", "pages/chat.css"],
		outdir: "dist/demo",
	});
	for (const name of names) {
		await writeFile(join(dist, `${name}.html`), await readFile(join(root, `pages/${name}.html`)));
	}
}

/** The limits of the compressed files. The loader needs some bytes to spare: its size varies with the hashes in it. */
const LOADER_BYTES_MAX = 4.3125 * 1024;
/**
 * What opening a chat loads: loader and app. What waits for a decision must be asked for and decided in every tab, once more if that was refused: 0.3 KB. Files
 * have 0.2: a message may have some and no text, is known by them, may fail because of them and is sent again with them; and they
 * are forgotten with the conversation.
 */
const OPEN_BYTES_MAX = 22.625 * 1024;
/**
 * The same with all parts. A conversation needs loader, app and the list of messages: 36.3 KB, of which Markdown has 6.6. The part for
 * buttons, cards, forms and decisions (2.6 KB) is loaded for the first message that has some. Files have 1.2 for the buttons of a
 * widget that takes some, and 7.9 for the first file that is sent or shown: uploads that are resumed, do not wait for each other and come
 * back when the server says, checked pictures, the viewer.
 */
const WIDGET_BYTES_MAX = 56.125 * 1024;
/** The largest ones: German, French and Japanese. */
const LANGUAGE_BYTES_MAX = 1024;
/** Of a shim before compression. */
const SHIM_BYTES_MAX = 2 * 1024;

/** `sizes`: the compressed size of each file, and that of the shims before compression. */
function checkSizes(sizes) {
	const total = (pattern) =>
		[...sizes].filter(([name]) => pattern.test(name)).reduce((sum, [, size]) => sum + size, 0);
	const limits = [
		["the loader", total(/^chat-widget\.js$/), LOADER_BYTES_MAX],
		["opening a chat (loader and app)", total(/^chat-(widget|app-\w+)\.js$/), OPEN_BYTES_MAX],
		["everything together", total(/^chat-.*\.js$/), WIDGET_BYTES_MAX],
		...[...sizes]
			.filter(([name]) => name.startsWith("lang/"))
			.map(([name, size]) => [name, size, LANGUAGE_BYTES_MAX]),
		...SHIMS.map((name) => [name, sizes.get(`${name}.js`), SHIM_BYTES_MAX]),
	];
	const wrong = limits.filter(([, size, max]) => size > max);
	for (const [what, size, max] of limits)
		console.log(`${what}: ${size} of ${Math.floor(max)} bytes`);
	if (wrong.length > 0) throw new Error(`too large: ${wrong.map(([what]) => what).join(", ")}`);
}

async function compress(path) {
	const raw = await readFile(path);
	const br = await compressed(raw);
	const gz = await gzip(raw, { level: 9 });
	await writeFile(`${path}.br`, br);
	await writeFile(`${path}.gz`, gz);
	return { raw: raw.length, gz: gz.length, br: br.length };
}

/** The folders of dist/. */
const FOLDERS = ["demo", "lang"];

async function buildAll() {
	// Remove files that are no longer built: dist/ is installed as a whole.
	await rm(dist, { recursive: true, force: true });
	for (const folder of FOLDERS) await mkdir(join(dist, folder), { recursive: true });
	await buildWidget();
	await buildShims();
	await buildPages();

	const sizes = new Map();
	for (const folder of ["", ...FOLDERS]) {
		const entries = await readdir(join(dist, folder), { withFileTypes: true });
		for (const name of entries.filter((one) => one.isFile()).map((one) => join(folder, one.name))) {
			const size = await compress(join(dist, name));
			sizes.set(name, SHIMS.includes(name.replace(".js", "")) ? size.raw : size.br);
			console.log(`dist/${name}  ${size.raw} raw  ${size.gz} gz  ${size.br} br`);
		}
	}
	checkSizes(sizes);
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
		packages: "external",
		format: "esm",
		target: "node18",
		sourcemap: "inline",
		plugins: [cssAsText, localeKeys, partsInside],
		logLevel: "warning",
	});
}

/** The page script of tests/browser/stage.mjs. */
async function buildStage() {
	const outfile = join(root, "node_modules/.cache/banter-widget/stage.js");
	const entryPoints = ["test/stage.ts"];
	await build({
		...browser,
		minify: false,
		entryPoints,
		outfile,
		plugins: [cssAsText, localeKeys, partsInside],
	});
}

const task = { "--tests": buildTests, "--stage": buildStage }[process.argv[2]] ?? buildAll;
await task();

// Builds the dashboard into dist/, each file also precompressed as .br and .gz. With --tests it
// bundles the unit tests instead, because node:test of Node 18 cannot run TypeScript.

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as zlib from "node:zlib";
import { build, transform } from "esbuild";
import { rollup } from "rollup";
import { noticesPage } from "./notices.mjs";

const root = fileURLToPath(new URL(".", import.meta.url));
const dist = join(root, "dist");
const brotli = promisify(zlib.brotliCompress);
const gzip = promisify(zlib.gzip);

/** What a browser loads for the inbox, compressed: the page, scripts, styles and texts of one language. */
const FIRST_LOAD_BYTES_MAX = 47 * 1024;
/** Scripts of the first load, texts apart: over HTTP/1.1 a browser asks for six at a time. */
const FIRST_LOAD_SCRIPTS_MAX = 6;
/** Further pages, each. */
const PAGE_BYTES_MAX = 30 * 1024;
/** What the inbox loads when somebody opens a conversation. */
const THREAD_BYTES_MAX = 37 * 1024;
/** workerd keeps the files of a folder in a table of this size. */
const FILES_MAX = 320;

/** A style sheet that is loaded with its part: `import href from "./inbox.css?link"`. */
const cssAsLink = {
	name: "css-as-link",
	setup({ onResolve, onLoad }) {
		onResolve({ filter: /\.css\?link$/ }, ({ path, resolveDir }) => ({
			// The hashes of the scripts depend on this path, and must be the same wherever the build runs.
			path: relative(root, join(resolveDir, path.replace("?link", ""))),
			namespace: "css-link",
		}));
		onLoad({ filter: /./, namespace: "css-link" }, async ({ path: source }) => {
			const path = join(root, source);
			const { outputFiles } = await build({
				entryPoints: [path],
				bundle: true,
				minify: true,
				write: false,
				logLevel: "warning",
			});
			const css = outputFiles[0].text;
			const hash = createHash("sha256").update(css).digest("hex").slice(0, 8);
			const name = `${basename(path, ".css")}-${hash}.css`;
			await mkdir(join(dist, "assets"), { recursive: true });
			await writeFile(join(dist, "assets", name), css);
			return {
				contents: `export default ${JSON.stringify(`/assets/${name}`)};`,
				loader: "js",
				watchFiles: [path],
			};
		});
	},
};

async function buildTests() {
	const outdir = join(root, "node_modules/.cache/banter-dashboard");
	const names = await readdir(join(root, "test"));
	await rm(outdir, { recursive: true, force: true });
	await build({
		absWorkingDir: root,
		entryPoints: names.filter((n) => /\.test\.tsx?$/.test(n)).map((n) => `test/${n}`),
		inject: ["test/globals.ts"],
		outdir,
		outExtension: { ".js": ".mjs" },
		bundle: true,
		platform: "node",
		format: "esm",
		target: "node18",
		jsx: "automatic",
		jsxImportSource: "preact",
		sourcemap: "inline",
		logLevel: "warning",
		plugins: [cssAsLink, noticesPage(root, dist)],
	});
}

/** The texts of a file, each key once: JSON would take the last one of two. */
async function readTexts(path) {
	const json = await readFile(path, "utf8");
	const texts = JSON.parse(json);
	const keys = [...json.matchAll(/^\t"(\w+)":/gm)].map(([, key]) => key);
	const twice = keys.filter((key, i) => keys.indexOf(key) !== i);
	if (twice.length > 0) throw new Error(`${relative(root, path)} has ${twice} twice`);
	return texts;
}

/** Every language has the keys of English, each with the same parameters. */
async function checkTexts(folder) {
	const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));
	const shapes = await Promise.all(
		names.map(async (name) =>
			Object.entries(await readTexts(join(folder, name))).map(
				([key, text]) => `${key} ${[...new Set(text.match(/\{\w+\}/g))].sort()}`,
			),
		),
	);
	const english = shapes[names.indexOf("en.json")];
	for (const [i, shape] of shapes.entries()) {
		const wrong = [
			...english.filter((one) => !shape.includes(one)),
			...shape.filter((one) => !english.includes(one)),
		];
		if (wrong.length > 0)
			throw new Error(
				`${relative(root, folder)}/${names[i]} differs from en.json: ${wrong.join("; ")}`,
			);
	}
}

/** The folders with texts: src/text/common, and texts/ of each part and of parts of it. */
async function textFolders() {
	const all = await readdir(join(root, "src"), { withFileTypes: true, recursive: true });
	const texts = all.filter((one) => one.isDirectory() && one.name === "texts");
	return [
		join(root, "src/text/common"),
		...texts.map(({ parentPath, name }) => join(parentPath, name)),
	];
}

/** Code that so many pages share is one file: a small file costs a request more than it saves. */
const SHARED_BY_MIN = 5;
/** What esbuild appends to the names of its files. */
const HASH_OF_ESBUILD = /-[A-Z0-9]{8}$/;

/** The modules, as files of few modules each: { texts, entryPoints }, both by path. Writes the styles. */
async function bundleModules() {
	const { metafile, outputFiles } = await build({
		absWorkingDir: root,
		entryPoints: { app: "src/main.tsx" },
		outdir: "dist/assets",
		entryNames: "[name]-[hash]",
		chunkNames: "[name]-[hash]",
		bundle: true,
		splitting: true,
		minifySyntax: true,
		format: "esm",
		target: "es2022",
		metafile: true,
		write: false,
		logLevel: "warning",
		plugins: [cssAsLink, noticesPage(root, dist)],
	});
	const texts = new Map();
	for (const { path, text } of outputFiles)
		if (path.endsWith(".js")) texts.set(path, text);
		else await writeFile(path, await minify(text, "css"));
	const entryPoints = new Map(
		Object.entries(metafile.outputs).map(([path, { entryPoint }]) => [
			join(root, path),
			entryPoint,
		]),
	);
	return { texts, entryPoints };
}

async function minify(text, loader) {
	const options = { loader, minify: true, format: loader === "js" ? "esm" : undefined };
	return (await transform(text, { ...options, target: "es2022" })).code;
}

/** A file and all that it imports statically, by importsOf(path), added to `seen`. */
function withImports(importsOf, path, seen = new Set()) {
	if (seen.has(path)) return seen;
	seen.add(path);
	for (const next of importsOf(path)) withImports(importsOf, next, seen);
	return seen;
}

/** The modules that many pages load, without those that the app loads at once. */
function sharedModules(app, { getModuleIds, getModuleInfo }) {
	const loadedBy = (id) => withImports((one) => getModuleInfo(one).importedIds, id);
	const atOnce = loadedBy(app);
	const uses = new Map();
	for (const page of getModuleIds())
		if (getModuleInfo(page).dynamicImporters.length > 0)
			for (const id of loadedBy(page)) uses.set(id, (uses.get(id) ?? 0) + 1);
	return new Set(
		[...uses].filter(([id, n]) => n >= SHARED_BY_MIN && !atOnce.has(id)).map(([id]) => id),
	);
}

/**
 * Bundles all scripts. esbuild gives a file to each set of pages that share code, 57 for the first load; Rollup knows what
 * is loaded already when a page is imported, and joins them.
 * @returns {Promise<object>} by path: { entryPoints: files of src/, imports: paths, the static ones }
 */
async function bundle() {
	const { texts, entryPoints } = await bundleModules();
	const files = {
		name: "esbuild-files",
		resolveId: (source, importer) => (importer ? join(dirname(importer), source) : source),
		load: (path) => texts.get(path),
		renderChunk: (text) => minify(text, "js"),
	};
	const app = [...texts.keys()].find((path) => entryPoints.get(path) === "src/main.tsx");
	let shared;
	const bundled = await rollup({ input: { app }, plugins: [files] });
	const { output } = await bundled.write({
		dir: join(dist, "assets"),
		entryFileNames: "[name]-[hash].js",
		chunkFileNames: ({ name }) => `${name.replace(HASH_OF_ESBUILD, "")}-[hash].js`,
		hashCharacters: "base36",
		manualChunks(id, modules) {
			shared ??= sharedModules(app, modules);
			return shared.has(id) ? "shared" : undefined;
		},
		onlyExplicitManualChunks: true,
	});
	const pathOf = (name) => `dist/assets/${name}`;
	return Object.fromEntries(
		output.map((chunk) => [
			pathOf(chunk.fileName),
			{
				entryPoints: chunk.moduleIds.map((id) => entryPoints.get(id)).filter(Boolean),
				imports: chunk.imports.map(pathOf),
			},
		]),
	);
}

const url = (path) => path.replace(/^dist/, "");

async function writeShell() {
	const assets = (await readdir(join(dist, "assets"))).map((name) => `dist/assets/${name}`);
	const find = (ext) => assets.find((path) => /\/app-[^/]*$/.test(path) && path.endsWith(ext));
	const template = await readFile(join(root, "index.html"), "utf8");
	const page = template.replace("%SCRIPT%", url(find(".js"))).replace("%STYLE%", url(find(".css")));
	if (/%[A-Z]+%/.test(page)) throw new Error("index.html has an unknown placeholder");
	await writeFile(join(dist, "index.html"), page);
	await writeFile(join(dist, "assets/favicon.svg"), await readFile(join(root, "src/favicon.svg")));
}

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

/**
 * The compressed size of what each page loads, by the file in src/ that contains it. Of the texts, those of the
 * largest language count.
 */
function pageSizes(outputs, sizes) {
	const sizeOf = (path) => sizes.get(path.replace(/^dist\//, "")) ?? 0;
	const sum = (paths) => [...paths].reduce((total, path) => total + sizeOf(path), 0);
	const entries = Object.entries(outputs).flatMap(([path, { entryPoints }]) =>
		entryPoints.map((entryPoint) => [path, entryPoint]),
	);
	const [app] = entries.find(([, entryPoint]) => entryPoint === "src/main.tsx");
	const importsOf = (path) => outputs[path].imports;
	const first = withImports(importsOf, app);
	const textsOf = (folder) =>
		Math.max(
			0,
			...entries
				.filter(([, entryPoint]) => entryPoint.startsWith(folder) && entryPoint.endsWith(".json"))
				.map(([path]) => sizeOf(path)),
		);
	const stylesOf = (part) =>
		[...sizes].find(([name]) => name.startsWith(`assets/${part}-`) && name.endsWith(".css"))?.[1] ??
		0;
	const [inbox] = entries.find(([, entryPoint]) => entryPoint === "src/inbox/page.tsx");
	const withInbox = withImports(importsOf, inbox, new Set(first));
	const shell =
		sum(first) + (sizes.get("index.html") ?? 0) + stylesOf("app") + textsOf("src/text/common");
	const pages = entries
		.filter(([, entryPoint]) => /^src\/(\w+\/[\w-]*page|thread\/thread)\.tsx$/.test(entryPoint))
		.map(([path, entryPoint]) => {
			const part = entryPoint.split("/")[1];
			// A conversation is opened in the inbox.
			const before = part === "thread" ? withInbox : first;
			const own = [...withImports(importsOf, path)].filter((one) => !before.has(one));
			return [entryPoint, sum(own) + stylesOf(part) + textsOf(`src/${part}/`)];
		});
	return { shell, pages, scripts: withInbox.size };
}

function checkSizes(outputs, sizes) {
	const { shell, pages, scripts } = pageSizes(outputs, sizes);
	const files = [...sizes.keys()].length;
	const [, inbox] = pages.find(([name]) => name === "src/inbox/page.tsx");
	const limits = [
		["the first load (frame and inbox)", shell + inbox, FIRST_LOAD_BYTES_MAX],
		["its scripts", scripts, FIRST_LOAD_SCRIPTS_MAX],
		...pages.map(([name, size]) => [
			name,
			size,
			name === "src/thread/thread.tsx" ? THREAD_BYTES_MAX : PAGE_BYTES_MAX,
		]),
		["number of files", files, FILES_MAX],
	];
	for (const [what, size, max] of limits) console.log(`${what}: ${size} of ${max}`);
	const wrong = limits.filter(([, size, max]) => size > max).map(([what]) => what);
	if (wrong.length > 0) throw new Error(`too large: ${wrong.join(", ")}`);
}

async function buildPages() {
	// Remove files with old hashes: dist/ is installed as a whole.
	await rm(dist, { recursive: true, force: true });
	await mkdir(join(dist, "assets"), { recursive: true });
	for (const folder of await textFolders()) await checkTexts(folder);
	const outputs = await bundle();
	await writeShell();

	const sizes = new Map();
	const assets = (await readdir(join(dist, "assets"))).map((n) => `assets/${n}`);
	for (const name of ["index.html", ...assets.sort()]) {
		const size = await compress(join(dist, name));
		sizes.set(name, size.br);
		console.log(`dist/${name}  ${size.raw} raw  ${size.gz} gz  ${size.br} br`);
	}
	checkSizes(outputs, sizes);
}

await (process.argv.includes("--tests") ? buildTests() : buildPages());

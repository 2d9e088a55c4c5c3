// Builds the dashboard into dist/, each file also precompressed as .br and .gz. With --tests it
// bundles the unit tests instead, because node:test of Node 20 cannot run TypeScript.

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

async function buildTests() {
	const outdir = join(root, "node_modules/.cache/banter-dashboard");
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
		logLevel: "warning",
	});
}

async function bundle() {
	const { metafile } = await build({
		absWorkingDir: root,
		entryPoints: { app: "src/main.tsx" },
		outdir: "dist/assets",
		entryNames: "[name]-[hash]",
		bundle: true,
		minify: true,
		format: "esm",
		target: "es2020",
		metafile: true,
		logLevel: "warning",
	});
	const named = (ext) => {
		const path = Object.keys(metafile.outputs).find((p) => p.endsWith(ext));
		if (!path) throw new Error(`the bundle has no ${ext} file`);
		return path.replace(/^dist/, "");
	};
	return { script: named(".js"), style: named(".css") };
}

async function writeShell({ script, style }) {
	const template = await readFile(join(root, "index.html"), "utf8");
	const page = template.replace("%SCRIPT%", script).replace("%STYLE%", style);
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

async function buildPages() {
	// Remove files with old hashes: dist/ is installed as a whole.
	await rm(dist, { recursive: true, force: true });
	await mkdir(join(dist, "assets"), { recursive: true });
	await writeShell(await bundle());

	const assets = (await readdir(join(dist, "assets"))).map((n) => `assets/${n}`);
	for (const name of ["index.html", ...assets.sort()]) {
		const size = await compress(join(dist, name));
		console.log(`dist/${name}  ${size.raw} raw  ${size.gz} gz  ${size.br} br`);
	}
}

await (process.argv.includes("--tests") ? buildTests() : buildPages());

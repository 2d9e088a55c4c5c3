// Builds the npm packages into a folder: a folder for each package, and what `npm pack` makes of it. Types and scripts
// come from the sources of the widget and from the document of the API, the version from the server.
//
//	node packages/build.mjs VERSION FOLDER

import { execFileSync } from "node:child_process";
import {
	copyFileSync,
	cpSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = join(HERE, "../..");
// The program that makes types needs the TypeScript of the tests. As a module: Node 18 cannot require() its parts.
const OPENAPI_TYPES = join(ROOT, "tests/node_modules/openapi-typescript/dist/index.mjs");
const { default: openapiTS, astToString } = await import(pathToFileURL(OPENAPI_TYPES));
const [, , VERSION, FOLDER] = process.argv;
const OUT = resolve(FOLDER);

/** The scripts of each package, minified and compressed with gzip, have at most so many bytes. */
const PACKAGES = {
	client: { entries: ["index.ts", "node.ts"], max: 6 * 1024 },
	widget: { entries: ["index.ts"], max: 2 * 1024 },
	react: { entries: ["index.tsx"], max: 2 * 1024 },
};

/** The types of the schemas that the client's types are made of. */
async function clientTypes() {
	const all = JSON.parse(readFileSync(join(ROOT, "workerd/api/openapi/openapi.json"), "utf8"));
	const names = new Set();
	const source = readFileSync(join(HERE, "client/src/client.ts"), "utf8");
	const waiting = [...source.matchAll(/Schemas\["(\w+)"\]/g)].map(([, name]) => name);
	while (waiting.length > 0) {
		const name = waiting.pop();
		if (names.has(name)) continue;
		names.add(name);
		const text = JSON.stringify(all.components.schemas[name]);
		waiting.push(...[...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, one]) => one));
	}
	const schemas = Object.fromEntries(
		Object.entries(all.components.schemas).filter(([name]) => names.has(name)),
	);
	const { openapi, info } = all;
	return astToString(await openapiTS({ openapi, info, paths: {}, components: { schemas } }));
}

/** The packages have the server's version, and need each other in that version. */
function setVersion(path) {
	writeFileSync(path, readFileSync(path, "utf8").replaceAll('"0.0.0"', `"${VERSION}"`));
}

async function buildPackage(name, { entries, max }) {
	const out = join(OUT, name);
	const dist = join(out, "dist");
	mkdirSync(dist, { recursive: true });
	copyFileSync(join(HERE, name, "package.json"), join(out, "package.json"));
	setVersion(join(out, "package.json"));
	copyFileSync(join(HERE, name, "README.md"), join(out, "README.md"));
	copyFileSync(join(ROOT, "LICENSE"), join(out, "LICENSE"));
	for (const entry of entries) {
		const outfile = join(dist, entry.replace(/\.tsx?$/, ".js"));
		const options = {
			entryPoints: [join(HERE, name, "src", entry)],
			bundle: true,
			minify: true,
			format: "esm",
			target: "es2022",
			packages: "external",
			// Without its paths, which lead to the sources of the other packages.
			tsconfigRaw: "{}",
			platform: entry === "node.ts" ? "node" : "browser",
			logLevel: "warning",
			outfile,
		};
		await build(options);
		const size = gzipSync(readFileSync(outfile), { level: 9 }).length;
		console.log(`@banter/${name}: ${entry}: ${size} of ${max} bytes`);
		if (size > max) throw new Error(`@banter/${name} is too large`);
	}
}

/** A package that is a program: its scripts are what is packed. */
function copyProgram(name) {
	const out = join(OUT, name);
	cpSync(join(HERE, name), out, { recursive: true });
	setVersion(join(out, "package.json"));
	copyFileSync(join(ROOT, "LICENSE"), join(out, "LICENSE"));
}

/** Declarations of all packages, each beside its scripts. */
async function buildTypes() {
	const types = join(OUT, ".types");
	const tsc = join(ROOT, "widget/node_modules/.bin/tsc");
	const args = [
		"-p",
		HERE,
		"--noEmit",
		"false",
		"--emitDeclarationOnly",
		"--declaration",
		"--outDir",
		types,
	];
	execFileSync(tsc, args, { stdio: "inherit" });
	for (const name of Object.keys(PACKAGES)) {
		const from = join(types, name, "src");
		for (const file of readdirSync(from)) {
			const text = readFileSync(join(from, file), "utf8");
			writeFileSync(
				join(OUT, name, "dist", file),
				text.replaceAll("../../../banter.js", "./banter.js"),
			);
		}
	}
	copyFileSync(join(HERE, "../banter.d.ts"), join(OUT, "widget/dist/banter.d.ts"));
	writeFileSync(join(OUT, "client/dist/api.d.ts"), await clientTypes());
	rmSync(types, { recursive: true });
}

rmSync(OUT, { recursive: true, force: true });
for (const [name, how] of Object.entries(PACKAGES)) await buildPackage(name, how);
await buildTypes();
copyProgram("telegram");
cpSync(join(HERE, "examples"), join(OUT, "examples"), { recursive: true });
for (const name of readdirSync(join(OUT, "examples")))
	setVersion(join(OUT, "examples", name, "package.json"));
for (const name of [...Object.keys(PACKAGES), "telegram"]) {
	const options = { cwd: join(OUT, name), stdio: "inherit" };
	execFileSync(join(ROOT, "tests/node_modules/.bin/publint"), ["--strict"], options);
	execFileSync("npm", ["pack", "--silent", "--pack-destination", OUT], options);
}

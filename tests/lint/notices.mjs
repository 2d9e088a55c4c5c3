// Checks systemd/NOTICES.md: it names every package whose code the bundles of the front ends contain, with its
// license, the C code that the compiler copies into the programs, and the libraries that they load. Prints
// what is wrong, and exits 1 if anything is. It needs built programs.
//
//	node tests/lint/notices.mjs [--write]	--write: generates the page

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGE = join(ROOT, "systemd/NOTICES.md");
const PROGRAMS = [
	"masterd",
	"workerd",
	"storaged",
	"searchd",
	"crawld",
	"crawl-extract",
	"maild",
	"banter",
];
const BUNDLES = {
	dashboard: ["src/main.tsx"],
	widget: [
		"src/loader/index.ts",
		"src/app/index.ts",
		"pages/widget-test.ts",
		"pages/headless-test.ts",
	],
};

const run = (...command) => execFileSync(command[0], command.slice(1), { encoding: "utf8" });
const sorted = (names) => [...new Set(names)].sort();

/** Style sheets, names of texts, and pages that the build makes: all banter's own. */
const own = {
	name: "own",
	setup({ onResolve, onLoad }) {
		onResolve({ filter: /\?page$/ }, ({ path }) => ({ path, namespace: "page" }));
		onLoad({ filter: /./, namespace: "page" }, () => ({ contents: "export default '';" }));
		onLoad({ filter: /\.css$/ }, () => ({ contents: "export const css = ''; export default '';" }));
		onLoad({ filter: /\.json$/ }, ({ suffix }) =>
			suffix === "?keys" ? { contents: "export const keys = [];" } : undefined,
		);
	},
};

/** The folders of the npm packages in a front end's bundles. */
async function packagesOf(front) {
	const dir = join(ROOT, front);
	const { build } = createRequire(join(dir, "package.json"))("esbuild");
	const { metafile } = await build({
		absWorkingDir: dir,
		entryPoints: BUNDLES[front],
		outdir: "dist",
		plugins: [own],
		bundle: true,
		minify: true,
		format: "esm",
		write: false,
		metafile: true,
		logLevel: "error",
	});
	const outputs = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs));
	const inputs = outputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
	const folders = inputs.map((path) => /^node_modules\/((@[^/]+\/)?[^/]+)/.exec(path)?.[0]);
	return sorted(folders.filter(Boolean)).map((folder) => join(dir, folder));
}

/** The notice of an npm package, from its package.json and its license file. */
function packageNotice(folder) {
	const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
	const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
	if (!file) throw new Error(`${folder} has no license file`);
	return `### ${name} ${version}, ${license}\n\n${quote(readFileSync(join(folder, file), "utf8"))}`;
}

const quote = (text) => `\`\`\`text\n${text.replaceAll("\r", "").trim()}\n\`\`\`\n`;

/** The license of <sys/queue.h>, whose macros become part of the programs. */
function queueLicense() {
	const preprocessed = run("sh", "-c", "echo '#include <sys/queue.h>' | gcc -E -");
	const header = readFileSync(/"([^"]*sys\/queue\.h)"/.exec(preprocessed)[1], "utf8");
	return /\/\*([\s\S]*?)\*\//.exec(header)[1].replaceAll(/^[ \t]*\*[ \t]?/gm, "");
}

/** The Debian package with a file; dpkg(1) may know it by its path before /lib moved to /usr/lib. */
function packageOfFile(file) {
	const paths = [file, file.replace(/^\/usr/, "")].map((path) => `'${path}'`).join(" ");
	return run("sh", "-c", `dpkg -S ${paths} 2>/dev/null || true`).split(":")[0];
}

/** The Debian packages of the libraries that the programs load. */
function libraries() {
	const text = PROGRAMS.map((name) => run("readelf", "-d", join(ROOT, "build", name))).join("");
	const cache = run("/sbin/ldconfig", "-p");
	return sorted(
		[...text.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => {
			const path = cache.split("\n").find((line) => line.trim().startsWith(`${name} `));
			const file = realpathSync(path.split(" => ")[1]);
			return packageOfFile(file);
		}),
	);
}

async function makePage() {
	const used = [];
	for (const front of Object.keys(BUNDLES))
		for (const folder of await packagesOf(front)) used.push({ front, folder });
	const without = Object.keys(BUNDLES).filter((one) => !used.some(({ front }) => front === one));
	return `# Software of others in banter

Written by \`node tests/lint/notices.mjs --write\` from the packages themselves. The license of banter's own
code is in LICENSE.

## In the scripts of the web pages

The dashboard contains the following packages. These contain none: ${without.join(", ") || "-"}.

${used.map(({ folder }) => packageNotice(folder)).join("\n")}
## In the C programs

The macros of \`<sys/queue.h>\`, from the GNU C Library:

${quote(queueLicense())}
## Loaded by the C programs

The programs load these libraries of Debian, which are packages of their own; their licenses are in
\`/usr/share/doc/PACKAGE/copyright\`: ${libraries().join(", ")}.
`;
}

/** Each copyright line of the page is in the package's copyright file too. */
function missingInCopyright(page) {
	const copyright = readFileSync(join(ROOT, "systemd/debian/copyright"), "utf8");
	const holders = [...page.matchAll(/^Copyright \(c\) ((?:[\d, ]+\n)?[^\n.]*)/gim)].map(
		([, holder]) => holder.replace("\n", " "),
	);
	return sorted(holders).filter((holder) => !copyright.includes(holder));
}

const page = await makePage();
if (process.argv.includes("--write")) writeFileSync(PAGE, page);
const errors = missingInCopyright(page).map((one) => `systemd/debian/copyright lacks: ${one}`);
if (readFileSync(PAGE, "utf8") !== page)
	errors.push("systemd/NOTICES.md is not current: run node tests/lint/notices.mjs --write");
for (const error of errors) console.error(error);
process.exit(errors.length === 0 ? 0 : 1);

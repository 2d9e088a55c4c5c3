// Checks the README.md of every folder and the man pages (tests/documents.mjs). Everything that they name
// exists: linked pages and headings, files, targets of make, units, log events, metrics, subcommands. Every
// block of shell commands is run by a test or marked as needing a person. Prints each error, and exits 1
// if there is any.

import { basename, dirname, join, normalize } from "node:path";
import { codeBlocks, files, manExamples, manPages, read, readmes } from "../documents.mjs";

/** Pages link only to what `make install` puts beside them: pages, pictures, examples, license, notices. */
const LINKED =
	/(^|\/)README\.md$|\.png$|^systemd\/(proxies|monitoring|container)\/|^(LICENSE|systemd\/NOTICES\.md)$/;
const MAIN_MAX = 250; // lines of the main page: what a newcomer reads in five minutes

/** Words of a private dialect; STYLE: subject, verb, object, and the standard term. */
const UNCLEAR =
	/\b(anew|(?:is|are|was) told|none of|good for nothing|the same holds|as it was|[Ww]hoever)\b/g;

const names = new Set(files.map((path) => basename(path)));
const stems = new Set(files.map((path) => basename(path).split(".")[0]));
const sources = files
	.filter((path) => /^(proto|masterd|workerd|storaged)\/.*\.(c|h|def)$/.test(path))
	.map(read)
	.join("\n");
const settable = files
	.filter((path) => /\.(c|h|def|m?js|sh)$|^Makefile$|^systemd\/units/.test(path))
	.map(read)
	.join("\n");
const targets = new Set(all(read("Makefile"), /^([a-z-]+):(?!=)/gm));
const commands = new Set([
	"help",
	...all(read(files.find((path) => basename(path) === "commands.def")), /^COMMAND\((\w+)/gm),
]);

/** All that a pattern's group matches in a text. */
function all(text, pattern) {
	return [...text.matchAll(pattern)].map(([, found]) => found);
}

/** The page without its code blocks. */
const prose = (markdown) => markdown.replaceAll(/^```[\s\S]*?^```$/gm, "");

/** The name that a heading is linked by, as GitHub and others make it. */
const slug = (heading) =>
	heading
		.toLowerCase()
		.replace(/[^\p{L}\p{N}_ -]/gu, "")
		.replaceAll(" ", "-");

const headings = new Map(
	readmes.map((path) => [path, new Set(all(prose(read(path)), /^#+ (.*)$/gm).map(slug))]),
);

/** Whether files exist, by their path from the page or from the root, or by their name alone. */
function exists(page, path) {
	const below = (folder) => files.some((file) => `${file}/`.startsWith(`${folder}/`));
	return (
		below(normalize(path.replace(/\/$/, ""))) ||
		below(normalize(join(dirname(page), path.replace(/\/$/, "")))) ||
		(!path.includes("/") && names.has(path))
	);
}

/** The folders whose pages `make install` installs. */
const installed = /^DOCUMENTS := (?:.*\\\n)*.*$/m.exec(read("Makefile"))[0].split(/[\s,()]+/);

/** Names of the WordPress plugin look like metrics. */
const plugin = files
	.filter((path) => /^widget\/wordpress\/.*\.php$/.test(path))
	.map(read)
	.join("\n");

const isInSources = (name) => sources.includes(`"${name}"`);

let wrong = 0;
function complain(page, what) {
	console.error(`${page}: ${what}`);
	wrong++;
}

/** Each name that a pattern finds in a text is there. */
function check(page, text, what, pattern, isThere) {
	for (const name of new Set(all(text, pattern)))
		if (!isThere(name)) complain(page, `there is no ${what}: ${name}`);
}

function checkLink(page, link) {
	const [path, heading] = link.split("#");
	const target = path === "" ? page : normalize(join(dirname(page), path));
	if (!files.includes(target)) return complain(page, `broken link: ${link}`);
	if (!LINKED.test(target))
		complain(page, `the link leads to a file that is not installed: ${link}`);
	if (heading !== undefined && !headings.get(target)?.has(heading))
		complain(page, `there is no such heading: ${link}`);
}

function checkMarker(page, { line, text, marker }) {
	const place = `line ${line}`;
	if (!marker) return complain(page, `${place}: no marker says who runs these commands`);
	if (marker.kind === "run") {
		if (marker.detail && !/^[A-Z]+=\w+$/.test(marker.detail))
			complain(page, `${place}: not NAME=member: ${marker.detail}`);
		return;
	}
	if (marker.detail === "") return complain(page, `${place}: ${marker.kind} what?`);
	if (marker.kind === "by hand") return;
	if (!files.includes(marker.detail))
		return complain(page, `${place}: there is no test ${marker.detail}`);
	const test = read(marker.detail);
	for (const command of new Set(all(text, /\bbanter ([a-z]+)\b/g)))
		if (commands.has(command) && !test.includes(command))
			complain(page, `${place}: ${marker.detail} never runs banter ${command}`);
}

function checkReadme(page) {
	const markdown = read(page);
	const text = prose(markdown);
	if (page !== "README.md" && !installed.includes(dirname(page)))
		complain(page, "is not among DOCUMENTS in the Makefile, which `make install` installs");
	for (const link of all(text, /\]\((?!\w+:)([^)\s]+)\)/g)) checkLink(page, link);
	const file = /`((?:[\w.-]+\/)+|[\w./-]+\.(?:c|h|def|mjs|sh|txt|ts|tsx|json))`/g;
	const isFile = (path) => /^(build|dist|\/)/.test(path) || exists(page, path);
	check(page, text, "file", file, isFile);
	check(page, markdown, "target of make", /(?:`|^)make ([a-z-]+)\b(?!\/)/gm, (name) =>
		targets.has(name),
	);
	check(page, text, "command", /`banter ([a-z]+)/g, (name) => commands.has(name));
	const setting = /`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b/g;
	check(page, text, "setting", setting, (name) => settable.includes(name));
	for (const table of all(markdown, /^\| `ev=` \|[^\n]*\n([\s\S]*?)\n\n/gm))
		check(page, table, "event", /`([a-z]+_[a-z_]+)`(?=.* \|.* \|)/g, isInSources);
	for (const table of all(markdown, /^\| to change \|[^\n]*\n([\s\S]*?)(?:\n\n|$(?![\s\S]))/gm))
		check(
			page,
			table,
			"file or folder",
			/(?<=\| [^|\n]*\|[^\n]*)`([\w/.-]+)`/g,
			(name) => stems.has(name) || exists(page, name),
		);
	for (const block of codeBlocks(markdown)) {
		if (block.language === "")
			complain(page, `line ${block.line}: a code block without a language`);
		if (block.language === "sh" || (block.marker && block.language !== "json"))
			checkMarker(page, block);
	}
}

function checkWords(page) {
	const text = read(page);
	check(page, text, "event", /\bev=([a-z_]+)/g, isInSources);
	const isMetric = (name) => isInSources(name) || plugin.includes(`${name}'`);
	check(page, text, "metric", /\b(banter_[a-z_]+)\b(?!\.)/g, isMetric);
	check(page, text, "unit", /\b(banter[a-z-]*\.(?:service|socket|target|timer))\b/g, (name) =>
		["units", "cluster"].some((folder) => files.includes(`systemd/${folder}/${name}`)),
	);
	for (const words of new Set(all(text, UNCLEAR))) complain(page, `say it plainly: ${words}`);
}

/** The page of each part names each of its folders, so that a reader finds where to look. */
function checkFolders() {
	const folders = new Set(
		files.filter((path) => /^(proto|workerd|storaged)\/.*\/.*\.c$/.test(path)).map(dirname),
	);
	for (const folder of folders) {
		const [part, ...below] = folder.split("/");
		const page = `${part}/README.md`;
		if (below.length > 0 && !new RegExp(`\`${below.join("/")}/?\``).test(read(page)))
			complain(page, `does not name the folder ${folder}`);
	}
}

for (const page of readmes) checkReadme(page);
for (const page of manPages)
	for (const example of manExamples(read(page))) checkMarker(page, example);
for (const page of [...readmes, ...manPages]) checkWords(page);
checkFolders();

const lines = read("README.md").trimEnd().split("\n").length;
if (lines > MAIN_MAX) complain("README.md", `has ${lines} lines; the maximum is ${MAIN_MAX}`);
process.exit(wrong === 0 ? 0 : 1);

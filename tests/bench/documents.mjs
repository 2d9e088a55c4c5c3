// Documents of installed Debian packages for `make bench-search`, taken apart: each is a list of sections
// {heading, paragraphs}. Only what tells headings from text is understood of their formats.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const POD = "/usr/share/perl";
const RST = "/usr/share/doc/python3.11/html/_sources";
const DEBIAN_FAQ = "/usr/share/doc/debian/FAQ/debian-faq.en.txt.gz";
const MAN = "/usr/share/man";

/** The packages that the questions need. */
export const PACKAGES = ["perl-doc", "python3-doc", "debian-faq"];

/** Files below a directory whose name is accepted, in the order of their names. */
export function* filesBelow(dir, accepts) {
	if (!existsSync(dir)) return;
	for (const entry of readdirSync(dir, { withFileTypes: true }).sort((a, b) =>
		a.name < b.name ? -1 : 1,
	)) {
		const path = `${dir}/${entry.name}`;
		if (entry.isDirectory()) yield* filesBelow(path, accepts);
		else if (entry.isFile() && accepts(entry.name)) yield path;
	}
}

const paragraphsOf = (text) => text.split(/\n(?:[ \t]*\n)+/).filter((p) => p.trim() !== "");

/** Collects sections as their headings and paragraphs come. */
class Sections {
	list = [{ heading: "", paragraphs: [] }];

	head(heading) {
		this.list.push({ heading: heading.replace(/\s+/g, " ").trim(), paragraphs: [] });
	}

	add(paragraph) {
		this.list.at(-1).paragraphs.push(paragraph);
	}
}

function podText(text) {
	let before;
	do {
		before = text;
		text = text
			.replace(/E<(lt|gt)>/g, (_, name) => (name === "lt" ? "\u0001" : "\u0002"))
			.replace(/L<+\s*([^<>|]*)\|[^<>]*>+/g, "$1")
			.replace(/[A-Z]<+\s*([^<>]*?)\s*>+/g, "$1");
	} while (text !== before);
	return text.replaceAll("\u0001", "<").replaceAll("\u0002", ">");
}

function pod(source) {
	const sections = new Sections();
	let shown = false;
	for (const paragraph of paragraphsOf(source)) {
		const [, command, rest] = /^=([a-z]+\d?)\s*(.*)$/s.exec(paragraph.trimStart()) ?? [];
		if (command !== undefined)
			shown = command !== "cut" && command !== "begin" && command !== "for";
		if (!shown) continue;
		if (/^head/.test(command ?? "")) sections.head(podText(rest));
		else if (command === "item") sections.add(podText(rest));
		else if (command === undefined)
			sections.add(/^\s/.test(paragraph) ? paragraph : podText(paragraph));
	}
	return sections.list;
}

function rst(source) {
	const sections = new Sections();
	const text = source
		.replace(/^(?:([=\-~^"*#+.])\1{2,}\n)?(\S.*)\n([=\-~^"*#+.])\3{2,}$/gm, "\n\u0001$2\n")
		.replace(/^\s*\.\. (?:_|\[|[\w-]+::).*$/gm, "")
		.replace(/^\s+:[\w -]+:.*$/gm, "")
		.replace(/:[\w:+-]+:`([^`<]*)[^`]*`/g, "$1")
		.replace(/`([^`<]*?)\s*<[^`]*>`_+/g, "$1")
		.replace(/``?([^`]*)`?`/g, "$1");
	for (const paragraph of paragraphsOf(text))
		if (paragraph.trimStart().startsWith("\u0001")) sections.head(paragraph.trim().slice(1));
		else sections.add(paragraph);
	return sections.list;
}

function debianFaq(source) {
	const sections = new Sections();
	for (const paragraph of paragraphsOf(source)) {
		const [, heading] = /^\d+\.\d+(?:\.\d+)?\.\s(\S.*)$/s.exec(paragraph) ?? [];
		if (heading !== undefined) sections.head(heading);
		else if (/^\s/.test(paragraph)) sections.add(paragraph);
		else sections.head("");
	}
	return sections.list;
}

/** Requests of man(7) and mdoc(7) whose arguments are text. */
const MAN_TEXT =
	/^(?:[BI]|BR|BI|IB|IR|RB|RI|SM|SB|TP|IP|Nm|Fl|Ar|Op|Pa|Xr|Li|Cm|Ic|Dv|Va|Fa|Fn|Em|Sy|Nd|It|Dq|Sq|Ql|Ev|Er)$/;

function manText(line) {
	return line
		.replace(/\\f(?:\[[^\]]*\]|\(..|.)/g, "")
		.replace(/\\s[-+]?\d/g, "")
		.replace(/\\\*?(?:\[[^\]]*\]|\((..))/g, " ")
		.replace(/\\-/g, "-")
		.replace(/\\e/g, "\\")
		.replace(/\\[&|^/,~ %c:]/g, "");
}

function man(source) {
	const sections = new Sections();
	let text = [];
	const end = () => {
		if (text.length > 0) sections.add(text.join(" "));
		text = [];
	};
	for (const line of source.split("\n")) {
		const [, request, rest] = /^[.']\s*(\w+)?\s*(.*)$/.exec(line) ?? [];
		const plain = manText((rest ?? "").replace(/"/g, ""));
		if (line !== "" && !/^[.']/.test(line)) text.push(manText(line));
		else if (request !== undefined && MAN_TEXT.test(request) && plain !== "") text.push(plain);
		else if (request === undefined || /^(?:PP|P|LP|Pp|sp|SH|SS|Sh|Ss)$/.test(request)) end();
		if (/^(?:SH|SS|Sh|Ss)$/.test(request ?? "")) sections.head(plain);
	}
	end();
	return sections.list;
}

const read = (path) => {
	const bytes = readFileSync(path);
	return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
};

const named = (path, sections, faq) => ({ path, sections, faq });

function* pods() {
	for (const path of filesBelow(POD, (name) => name.endsWith(".pod")))
		if (path.includes("/pod/")) yield named(path, pod(read(path)), /perlfaq\d/.test(path));
}

function* pythonDocuments() {
	for (const path of filesBelow(RST, (name) => name.endsWith(".rst.txt")))
		yield named(path, rst(read(path)), path.includes("/faq/"));
}

/** In English; those of Perl are in perl-doc too. */
function* manPages() {
	const seen = new Set();
	for (let i = 1; i <= 8; i++)
		for (const path of filesBelow(`${MAN}/man${i}`, (name) => name.endsWith(".gz"))) {
			if (/\/perl[^/]*\.1\.gz$|3perl\.gz$/.test(path)) continue;
			const source = read(path);
			if (/^\.so /.test(source) || seen.has(source)) continue;
			seen.add(source);
			yield named(path, man(source), false);
		}
}

/** All documents; those with questions come first. */
export function* documents() {
	yield* pods();
	yield* pythonDocuments();
	if (existsSync(DEBIAN_FAQ)) yield named(DEBIAN_FAQ, debianFaq(read(DEBIAN_FAQ)), true);
	yield* manPages();
}

// Makes the WordPress plugin of this folder: banter-chat.zip, with the server's version and the languages as WordPress
// reads them. Fails if a language lacks a text of the sources.
//
//	node wordpress/build.mjs VERSION FOLDER

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as zlib from "node:zlib";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const NAME = "banter-chat";
const [, , VERSION, FOLDER] = process.argv;

const read = (name) => readFileSync(join(HERE, name), "utf8");

/** The texts that the sources ask for. */
function wantedTexts(files) {
	const texts = files.flatMap((name) =>
		[...read(name).matchAll(/(?:__|esc_html__)\( '([^']+)', 'banter-chat' \)/g)].map(
			([, text]) => text,
		),
	);
	return new Set([...texts, /^ \* Description: (.+)$/m.exec(read(`${NAME}.php`))[1]]);
}

/** The pairs of a .po file whose texts have one line. */
function pairsOf(po) {
	const pairs = [...po.matchAll(/^msgid "(.*)"\nmsgstr (".*"(?:\n".*")*)$/gm)].map(
		([, id, text]) => [
			JSON.parse(`"${id}"`),
			text
				.split("\n")
				.map((line) => JSON.parse(line))
				.join(""),
		],
	);
	return pairs.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** A .mo file: a header, then the place of each text, then the texts. */
function moOf(pairs) {
	const HEADER = 28;
	const tables = [Buffer.alloc(8 * pairs.length), Buffer.alloc(8 * pairs.length)];
	const texts = [];
	let at = HEADER + 16 * pairs.length;
	tables.forEach((table, side) => {
		pairs.forEach((pair, i) => {
			const text = Buffer.from(`${pair[side]}\0`);
			table.writeUInt32LE(text.length - 1, 8 * i);
			table.writeUInt32LE(at, 8 * i + 4);
			texts.push(text);
			at += text.length;
		});
	});
	const header = Buffer.alloc(HEADER);
	// No table of hashes: WordPress wants it where it would begin.
	const [count, end] = [pairs.length, HEADER + 16 * pairs.length];
	const numbers = [0x950412de, 0, count, HEADER, HEADER + 8 * count, 0, end];
	numbers.forEach((number, i) => {
		header.writeUInt32LE(number, 4 * i);
	});
	return Buffer.concat([header, ...tables, ...texts]);
}

/** Every archive of the same files has the same bytes. */
function zipOf(files) {
	const parts = [];
	const directory = [];
	let at = 0;
	for (const [path, content] of files) {
		const name = Buffer.from(path);
		const packed = zlib.deflateRawSync(content, { level: 9 });
		const about = Buffer.alloc(26);
		// Version 2.0, UTF-8 names, deflated, 1 January 1980.
		[20, 0x800, 8, 0, 0x21].forEach((number, i) => {
			about.writeUInt16LE(number, 2 * i);
		});
		[crc(content), packed.length, content.length].forEach((number, i) => {
			about.writeUInt32LE(number, 10 + 4 * i);
		});
		about.writeUInt16LE(name.length, 22);
		const entry = Buffer.alloc(14);
		entry.writeUInt32LE(at, 10);
		parts.push(Buffer.from("PK\x03\x04"), about, name, packed);
		directory.push(Buffer.from("PK\x01\x02\x14\x00"), about, entry, name);
		at += 4 + about.length + name.length + packed.length;
	}
	const list = Buffer.concat(directory);
	const end = Buffer.alloc(22);
	end.write("PK\x05\x06", "latin1");
	end.writeUInt16LE(files.length, 8);
	end.writeUInt16LE(files.length, 10);
	end.writeUInt32LE(list.length, 12);
	end.writeUInt32LE(at, 16);
	return Buffer.concat([...parts, list, end]);
}

/** zlib.crc32() is new in Node 20.15. */
function crc(bytes) {
	if (zlib.crc32) return zlib.crc32(bytes);
	let sum = ~0;
	for (const byte of bytes) {
		sum ^= byte;
		for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
	}
	return ~sum >>> 0;
}

const sources = readdirSync(HERE).filter((name) => /\.(php|js)$/.test(name));
const languages = readdirSync(join(HERE, "languages")).filter((name) => name.endsWith(".po"));
const wanted = wantedTexts(sources);
const files = sources.map((name) => [name, Buffer.from(read(name).replaceAll("0.0.0", VERSION))]);
for (const name of languages) {
	const pairs = pairsOf(read(`languages/${name}`));
	const has = new Map(pairs);
	const wrong = [
		...[...wanted].filter((text) => !has.get(text)),
		...[...has.keys()].filter((text) => text !== "" && !wanted.has(text)),
	];
	if (wrong.length > 0) throw new Error(`${name} differs from the sources: ${wrong.join(", ")}`);
	files.push([`languages/${name.replace(/po$/, "mo")}`, moOf(pairs)]);
}
mkdirSync(FOLDER, { recursive: true });
const zip = zipOf(files.map(([name, content]) => [`${NAME}/${name}`, content]));
writeFileSync(join(FOLDER, `${NAME}.zip`), zip);
console.log(`${NAME}.zip: ${zip.length} bytes, ${files.length} files`);

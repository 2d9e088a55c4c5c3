// Checks the layout of the C sources: which folder may include which, that files do not include each
// other in a circle, how many files a folder holds, which files may include a library's header, and that
// no two functions share a name. Prints each breach; exits 1 if there are any.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Source files (.c, .h, .def) in one folder; subfolders count by themselves. */
const FILES_MAX = 30;

/** The layers of storaged, lowest first: each may include all below it. */
const STORE_LAYERS =
	"engine open live request identities changes numbers budgets webhooks mail content conversations records keys files actions visitors structure mailing duty inbox turns steps indexing import retention replication server"
		.split(" ")
		.map((name) => `storaged/${name}`);

/**
 * Each folder, and the folders that its files may include. A name stands for that folder alone; a name that
 * ends in "/" also for the folders below it. The daemons may also include proto/.
 */
const FOLDERS = Object.fromEntries(
	`proto/base:
	proto/text: proto/base
	proto/settings: proto/base
	proto/counts: proto/base
	proto/ipc: proto/base proto/schema
	proto/access: proto/base proto/ipc
	proto/schema:
	proto/structure: proto/base proto/ipc proto/schema
	proto/process: proto/base proto/settings
	masterd:
	workerd/http/message:
	workerd/http: workerd/http/message
	workerd/http/ws: workerd/http workerd/http/message
	workerd/store: workerd/net
	workerd/search: workerd/net
	workerd/net:
	workerd/model: workerd/http/message workerd/net
	workerd/model/openai: workerd/http/message
	workerd/model/parts:
	workerd/webhooks: workerd/store workerd/net workerd/api/attached workerd/api/request workerd/api/fields workerd/api/events
	workerd/zones:
	workerd/hours: workerd/zones
	workerd/knowledge: workerd/store workerd/search workerd/model
	workerd/turn/prompt: workerd/model/openai workerd/model/parts
	workerd/tools: workerd/net
	workerd/turn: workerd/hours workerd/knowledge workerd/tools workerd/store workerd/net workerd/model workerd/model/openai workerd/model/parts workerd/turn/prompt
	workerd/actions: workerd/store workerd/tools workerd/turn
	workerd/api/request: workerd/files workerd/http/ workerd/store workerd/turn
	workerd/api/fields: workerd/structure workerd/api/attached workerd/hours workerd/http/ workerd/knowledge workerd/turn workerd/api/request
	workerd/api/guard: workerd/http/ workerd/api/request workerd/api/fields
	workerd/api/steps: workerd/turn workerd/http/ workerd/api/request workerd/api/fields
	workerd/api/live: workerd/api/attached workerd/http/ workerd/store workerd/turn workerd/api/request workerd/api/fields \
		workerd/api/guard
	workerd/api/identity: workerd/http/ workerd/api/request workerd/api/fields
	workerd/api/chat: workerd/api/steps workerd/structure workerd/api/attached workerd/http/ workerd/turn workerd/api/request workerd/api/fields workerd/api/guard \
		workerd/api/live workerd/api/identity
	workerd/api/widget: workerd/api/steps workerd/structure workerd/files workerd/api/attached workerd/http/ workerd/store workerd/turn workerd/api/request workerd/api/fields \
		workerd/api/guard workerd/api/hours workerd/api/live workerd/api/identity workerd/api/chat
	workerd/api/feed: workerd/api/steps workerd/structure workerd/api/attached workerd/http/ workerd/store workerd/turn workerd/api/request workerd/api/fields \
		workerd/api/guard workerd/api/live workerd/api/identity workerd/api/chat workerd/api/widget
	workerd/files:
	workerd/structure:
	workerd/api/attached: workerd/files workerd/api/request
	workerd/api/files: workerd/files workerd/http/ workerd/store workerd/turn workerd/api/request workerd/api/fields workerd/api/guard \
		workerd/api/chat workerd/api/widget workerd/api/live workerd/api/identity
	workerd/api/channels: workerd/structure workerd/http/ workerd/webhooks workerd/turn workerd/api/attached workerd/api/request workerd/api/fields \
		workerd/api/guard workerd/api/identity workerd/api/chat workerd/api/files
	workerd/api/accounts: workerd/http/ workerd/store workerd/api/request workerd/api/fields workerd/api/guard
	workerd/api/admin: workerd/structure workerd/http/ workerd/webhooks workerd/api/accounts workerd/model workerd/model/openai workerd/model/parts workerd/turn workerd/turn/prompt workerd/api/request workerd/api/fields workerd/api/guard \
		workerd/api/chat workerd/api/widget
	workerd/api/content: workerd/http/ workerd/store workerd/search workerd/knowledge workerd/api/request \
		workerd/api/fields workerd/api/admin
	workerd/api/export: workerd/http/ workerd/turn workerd/api/request workerd/api/fields workerd/api/admin
	workerd/api/events: workerd/http/ workerd/store workerd/turn workerd/api/request workerd/api/fields \
		workerd/api/guard
	workerd/api/search: workerd/http/ workerd/search workerd/api/request workerd/api/fields
	workerd/api/budgets: workerd/http/ workerd/store workerd/api/request workerd/api/fields
	workerd/api/hours: workerd/hours workerd/http/ workerd/store workerd/api/request workerd/api/fields
	workerd/api/prices: workerd/http/ workerd/store workerd/api/request workerd/api/fields
	workerd/api/server: workerd/http/ workerd/store workerd/search workerd/net workerd/model workerd/api/request workerd/api/fields
	workerd/api/numbers: workerd/http/ workerd/store workerd/api/request workerd/api/fields
	workerd/api/inbox: workerd/structure workerd/api/attached workerd/http/ workerd/turn workerd/api/request workerd/api/fields workerd/api/guard \
		workerd/api/live
	workerd/api/pages: workerd/http/ workerd/api/request
	workerd/api/tools: workerd/http/ workerd/tools workerd/turn workerd/api/request workerd/api/fields workerd/api/guard \
		workerd/api/admin
	workerd/api/webhooks: workerd/http/ workerd/webhooks workerd/api/request workerd/api/fields \
		workerd/api/guard workerd/api/admin
	workerd/api: workerd/structure workerd/files workerd/http/ workerd/store workerd/search workerd/model workerd/turn workerd/webhooks \
		workerd/api/
	workerd/crawl/rules:
	workerd/crawl/document:
	workerd/crawl/fetch: workerd/net workerd/crawl/rules
	workerd/crawl/source: workerd/store workerd/crawl workerd/crawl/document workerd/crawl/fetch workerd/crawl/rules
	workerd/crawl: workerd/children workerd/net workerd/store workerd/crawl/document workerd/crawl/fetch workerd/crawl/source
	workerd/crawl/extract: workerd/children workerd/crawl/document workerd/crawl/extract/
	workerd/crawl/extract/html: workerd/crawl/document workerd/crawl/extract
	workerd/crawl/extract/docx: workerd/crawl/document workerd/crawl/extract
	workerd/maild: workerd/net workerd/store
	workerd/mediad: workerd/children workerd/files workerd/store workerd/mediad/media
	workerd/mediad/media: workerd/files
	workerd/mediad/extract: workerd/children workerd/files workerd/mediad/media
	workerd/children:
	workerd: workerd/
	${STORE_LAYERS.map((folder, i) => `${folder}: ${STORE_LAYERS.slice(0, i).join(" ")}`).join("\n")}
	storaged/verify: storaged/engine storaged/identities storaged/numbers storaged/budgets storaged/content storaged/conversations \
		storaged/records storaged/files storaged/inbox
	storaged/search/text:
	storaged/search/base:
	storaged/search/language: storaged/search/text
	storaged/search/ranking: storaged/search/language
	storaged/search/passages: storaged/search/base storaged/search/language storaged/search/ranking
	storaged/search: storaged/server storaged/search/
	storaged/cli/base:
	storaged/cli/files: storaged/server storaged/cli/base
	storaged/cli/service: storaged/cli/base storaged/cli/files
	storaged/cli/store: storaged/engine storaged/request storaged/server storaged/verify storaged/cli/base \
		storaged/cli/files
	storaged/cli/export: storaged/engine storaged/numbers storaged/conversations storaged/cli/base storaged/cli/files \
		storaged/cli/store
	storaged/cli/learn: storaged/cli/base storaged/cli/store
	storaged/cli/foreign: storaged/identities storaged/cli/base storaged/cli/learn storaged/cli/store
	storaged/cli/setup: storaged/engine storaged/cli/base storaged/cli/files storaged/cli/service \
		storaged/cli/store
	storaged/cli: storaged/engine storaged/server storaged/cli/`
		.split("\n")
		.map((line) => line.match(/[\w/]+/g))
		.map(([folder, ...allowed]) => [
			folder,
			folder.startsWith("proto/") ? allowed : ["proto/", ...allowed],
		]),
);

/** Files that include each other in a circle, each group with the reason why it is one idea. */
const CIRCLES = [
	{
		modules: ["storaged/verify/verify", "storaged/verify/verify_internal"],
		why: "verify.c runs the parts of the check, which share verify_internal.h; verify.h is for callers",
	},
];

/** Prefixes of functions that are not the name of their file: of a type that the file defines, for example. */
const PREFIXES = {
	"proto/base/basics": ["must", "xcalloc", "xreallocarray", "xstrdup", "memory", "closefd", "fd"],
	"proto/base/buf": ["slice"],
	"proto/base/network": ["ip"],
	"proto/base/secrets": ["hash"],
	"proto/ipc/messages": ["msg", "record"],
	"proto/settings/setting_values": ["origin", "named_list"],
	"storaged/cli/main": ["banter"],
	"storaged/engine/schema": [
		"table",
		"key",
		"activity",
		"message_seq",
		"piece_place",
		"client_id_name",
		"cap_day",
		"spent_period",
		"spender_day",
		"due_time",
		"due_kind",
		"due_id",
		"change_seq",
		"meta",
		"org_key_parts",
		"numbers",
	],
	"storaged/engine/txn": ["record", "walk"],
	"storaged/server/batch": ["handlers"],
	"storaged/search/main": ["searchd"],
	"workerd/crawl/fetch/hosts": ["host"],
	"workerd/crawl/fetch/robots_cache": ["robots_ask"],
	"workerd/crawl/source/page_set": ["page"],
	"storaged/server/main": ["storaged"],
	"workerd/api/process_usage": ["usage"],
	"workerd/mediad/extract/main": ["media"],
	"workerd/http/tls": ["io"],
	"workerd/main": ["worker"],
};

/** A library's header, and the files that may include it. */
const HEADERS = {
	"curl/curl.h":
		/^workerd\/(model\/(upstream_(dial|target)|model_list)|net\/(curl_loop|guard)|tools\/tool_http|webhooks\/webhook_post|maild\/smtp|crawl\/fetch\/fetch)\.c$/,
	"nghttp2/nghttp2.h": /^workerd\/model\/upstream_http2\.c$/,
	"postgresql/libpq-fe.h": /^storaged\/replication\/log_conn\.h$/,
	"lmdb.h": /^storaged\/engine\//,
	"xxhash.h": /^storaged\/(engine|cli\/files)\//,
	"wslay/wslay.h": /^workerd\/http\/ws\//,
	"seccomp.h": /^proto\/process\/call_filter\.c$/,
	"openssl/ssl.h": /^workerd\/(http\/(tls|io)|model\/upstream_tls)\.c$/,
	"libstemmer.h": /^storaged\/search\/language\/stem\.c$/,
	"zlib.h": /^workerd\/crawl\/fetch\/gunzip\.c$/,
	"zip.h": /^workerd\/crawl\/extract\/docx\/docx\.c$/,
	"iconv.h": /^workerd\/crawl\/extract\/charset\.h$/,
	...Object.fromEntries(
		"HTMLparser parserInternals tree uri xmlreader"
			.split(" ")
			.map((name) => [`libxml/${name}.h`, /^workerd\/crawl\/extract\/(html|docx)\//]),
	),
	"jpeglib.h": /^workerd\/mediad\/media\/media_jpeg\.c$/,
	"jerror.h": /^workerd\/mediad\/media\/media_jpeg\.c$/,
	"png.h": /^workerd\/mediad\/media\/media_png\.c$/,
	"webp/decode.h": /^workerd\/mediad\/media\/media_webp\.c$/,
	"webp/demux.h": /^workerd\/mediad\/media\/media_webp\.c$/,
	"gif_lib.h": /^workerd\/mediad\/media\/media_gif\.c$/,
	"sqlite3.h": /^storaged\/search\//,
	"unicase.h":
		/^(storaged\/(identities\/match_keys|search\/(text\/fold|language\/stem))|workerd\/knowledge\/folded_words)\.c$/,
	"uninorm.h":
		/^(storaged\/(identities\/match_keys|search\/text\/fold)|workerd\/knowledge\/folded_words)\.c$/,
	"unictype.h": /^(storaged\/search\/text\/fold|workerd\/knowledge\/folded_words)\.c$/,
	"uniwbrk.h": /^(storaged\/search\/|workerd\/knowledge\/folded_words\.c$)/,
};

const list = ["ls-files", "--cached", "--others", "--exclude-standard"];
const tracked = execFileSync("git", list, { cwd: ROOT, encoding: "utf8" }).trim().split("\n");
const daemons = tracked.filter((path) =>
	/^(proto|masterd|workerd|storaged)\/.*\.(c|h|def)$/.test(path),
);
const text = new Map(daemons.map((path) => [path, readFileSync(ROOT + path, "utf8")]));

let breaches = 0;
function breach(what) {
	console.error(what);
	breaches++;
}

const included = (path, pattern) => [...text.get(path).matchAll(pattern)].map(([, name]) => name);
const includes = new Map(
	daemons.map((path) => [path, included(path, /^[ \t]*#[ \t]*include "([^"]+)"/gm)]),
);

function mayInclude(from, to) {
	if (from === to) return true;
	return FOLDERS[from].some(
		(allowed) => allowed === to || (allowed.endsWith("/") && `${to}/`.startsWith(allowed)),
	);
}

function checkFolders() {
	const sizes = new Map();
	for (const path of daemons) {
		const folder = dirname(path);
		sizes.set(folder, (sizes.get(folder) ?? 0) + 1);
		if (!FOLDERS[folder]) continue;
		for (const name of includes.get(path)) {
			if (!text.has(name)) breach(`${path}: includes "${name}", which is not a path from the top`);
			else if (!mayInclude(folder, dirname(name)))
				breach(`${path}: ${folder} may not include ${dirname(name)} (${basename(name)})`);
		}
	}
	for (const [folder, size] of sizes) {
		if (!FOLDERS[folder]) breach(`${folder}: not in the table of folders in tests/lint/layout.mjs`);
		if (size > FILES_MAX) breach(`${folder}: ${size} source files, at most ${FILES_MAX}`);
	}
	for (const folder of Object.keys(FOLDERS))
		if (!sizes.has(folder)) breach(`${folder}: in the table of folders, and has no source file`);
}

/** A module: a .c file and the header of the same name. */
const moduleOf = (path) => path.replace(/\.(c|h|def)$/, "");

/** Groups of modules that reach each other (Tarjan's strongly connected components). */
function circles(edges) {
	const found = [];
	const index = new Map();
	const low = new Map();
	const stack = [];
	function visit(node) {
		index.set(node, index.size);
		low.set(node, index.get(node));
		stack.push(node);
		for (const next of edges.get(node) ?? []) {
			if (!index.has(next)) {
				visit(next);
				low.set(node, Math.min(low.get(node), low.get(next)));
			} else if (stack.includes(next)) low.set(node, Math.min(low.get(node), index.get(next)));
		}
		if (low.get(node) !== index.get(node)) return;
		const group = stack.splice(stack.indexOf(node));
		if (group.length > 1) found.push(group.sort());
	}
	for (const node of edges.keys()) if (!index.has(node)) visit(node);
	return found;
}

function checkCircles() {
	const edges = new Map();
	for (const [path, names] of includes) {
		const from = moduleOf(path);
		if (!edges.has(from)) edges.set(from, new Set());
		for (const name of names) if (moduleOf(name) !== from) edges.get(from).add(moduleOf(name));
	}
	const allowed = new Set(CIRCLES.map(({ modules }) => [...modules].sort().join(" ")));
	for (const group of circles(edges)) {
		const name = group.join(" ");
		if (!allowed.delete(name)) breach(`these include each other in a circle: ${name}`);
	}
	for (const name of allowed) breach(`no circle any more, remove it from the exceptions: ${name}`);
}

function checkHeaders() {
	for (const path of daemons)
		for (const name of included(path, /^#include <([^>]+)>/gm))
			if (HEADERS[name] && !HEADERS[name].test(path))
				breach(`${path}: may not include <${name}> (${HEADERS[name].source})`);
}

/** "widgets_json" → widgets_json, widgets, widget_json …: the leading words of a name, each also singular. */
function prefixesOf(name) {
	const words = name.split("_");
	const leading = words.map((_, i) => words.slice(0, i + 1).join("_"));
	return leading.flatMap((prefix) => [
		prefix,
		prefix.replace(/ies$/, "y"),
		prefix.replace(/es$/, ""),
		prefix.replace(/s$/, ""),
	]);
}

/** Functions carry the name of their file, of its folder, or a prefix that is listed; none is defined twice. */
function checkNames() {
	// By .clang-format a definition begins at the start of a line, and its body with "{" there.
	const definition = /^(?:\[\[.*\]\] )?(?![ \t#/}[])[^;{}()\n=]*?\b(\w+)\([^;{}]*?\)\n\{/gm;
	const where = new Map();
	for (const path of daemons) {
		const module = moduleOf(path);
		const prefixes = [
			...prefixesOf(basename(module)),
			...prefixesOf(basename(dirname(path))),
			...(PREFIXES[module] ?? []),
		];
		for (const name of new Set(included(path, definition))) {
			if (name === "main" || name === name.toUpperCase()) continue; // a macro that defines functions
			where.set(name, [...(where.get(name) ?? []), path]);
			const isHandler = name.startsWith("handle_") && /^(workerd\/api|storaged)\//.test(path);
			if (
				!isHandler &&
				!prefixes.some((prefix) => name === prefix || name.startsWith(`${prefix}_`))
			)
				breach(`${path}: ${name}() does not begin with the name of its file or folder`);
		}
	}
	for (const [name, paths] of where)
		if (paths.length > 1) breach(`${paths.length} functions are named ${name}: ${paths.join(" ")}`);
}

/** Files that may copy a slice with memcpy(), with the reason. */
const COPIES = {
	"proto/base/buf.c": "defines slice_copy()",
	"proto/ipc/wire.c":
		"encodes into room that it has reserved; most of the time of a message is spent there",
};

/** What a peer sent goes to memory of a fixed size only by slice_copy(), which knows that size. */
function checkCopies() {
	const copy = /\bmem(?:p)?cpy\([^;]*?(?:\.|->)p(?: \+ [^,;]*)?,\s+(?!sizeof|\s)[^;]*?len\)/g;
	for (const path of daemons)
		for (const [call] of COPIES[path] ? [] : text.get(path).matchAll(copy))
			breach(`${path}: copies a slice without the size of its target, use slice_copy(): ${call}`);
}

checkCopies();
checkFolders();
checkCircles();
checkHeaders();
checkNames();
process.exit(breaches === 0 ? 0 : 1);

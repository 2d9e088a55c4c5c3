// Finds what Node 18.20, Debian 12's, does not have, in the scripts of the builds and the tests: this machine's Node may
// be newer. Prints each use; exits 1 if there are any. The front ends' own sources, which are TypeScript, are
// checked by the compiler (`lib` in tsconfig.json). Lock files are read by Debian 12's npm 9.2, too.
//
// Behaviour differs, too: Node 18 tries only the first address of a name unless `autoSelectFamily` is set
// (tests/e2e/daemon.mjs sets it), and keeps no connections of its global agent.

import { files, read } from "../documents.mjs";

/** Patterns, by what they find. Globals that pages have, too (File, WebSocket, navigator), are not among them. */
const LATER = {
	"a method of arrays": /\.(toSorted|toReversed|toSpliced)\(/,
	"Array.with()": /\.with\(/,
	"Array.fromAsync": /\bArray\.fromAsync\b/,
	"a method of strings": /\.(isWellFormed|toWellFormed)\(/,
	"a method of sets":
		/(?<!\.\.)\.(union|intersection|difference|symmetricDifference|isSubsetOf|isSupersetOf|isDisjointFrom)\(/,
	"a method of iterators":
		/(\.(entries|keys|values)\(|\.matchAll\([^()]*)\)\.(map|filter|some|every|find|take|drop|flatMap|reduce|toArray|forEach)\(/,
	groupBy: /\b(Object|Map)\.groupBy\b/,
	"a function of Promise": /\bPromise\.(withResolvers|try)\b/,
	"a function of RegExp or Error": /\b(RegExp\.escape|Error\.isError)\b/,
	"a function of Uint8Array": /\.(fromBase64|toBase64|fromHex|toHex)\(/,
	"ArrayBuffer.transfer()": /\.transfer(ToFixedLength)?\(/,
	"the flag v of a regular expression":
		/[(,=:]\s*\/(?![/*])(\\.|[^\\/\n])+\/[dgimsy]*v[dgimsy]*[\s.,;)\]]/,
	"import.meta.dirname, filename": /\bimport\.meta\.(dirname|filename)\b/,
	"a declaration with `using`": /^\s*(await )?using \w+ =/m,
	"the global crypto": /(?<![\w.])crypto\.(subtle\.|getRandomValues\(|randomUUID\()/,
	"the global CustomEvent": /\bnew CustomEvent\(/,
	"a function of process": /\bprocess\.(loadEnvFile|getBuiltinModule|execve)\b/,
	"AbortSignal.any": /\bAbortSignal\.any\b/,
	"URL.parse": /\bURL\.parse\(/,
	"a module": /"node:sqlite"/,
	"an export of node:util":
		/\{[^{}]*\b(parseEnv|styleText|getCallSites?|diff)\b[^{}]*\} from "node:util"/,
	"an export of node:fs":
		/\{[^{}]*\b(glob|globSync|mkdtempDisposableSync)\b[^{}]*\} from "node:fs(\/promises)?"/,
	"an export of node:crypto": /\{[^{}]*\b(hash|argon2)\b[^{}]*\} from "node:crypto"/,
	"an export of node:stream": /\{[^{}]*\b(duplexPair)\b[^{}]*\} from "node:stream"/,
	"a member of node:test":
		/\{[^{}]*\b(suite|snapshot)\b[^{}]*\} from "node:test"|\bt\.(assert|plan|waitFor)\b/,
	"assert.partialDeepStrictEqual": /\.partialDeepStrictEqual\(/,
};

const lineOf = (text, index) => text.slice(0, index).split("\n").length;

const scripts = files.filter((path) => path.endsWith(".mjs") && path !== "tests/lint/node.mjs");
let found = 0;
for (const path of scripts) {
	const text = read(path).replace(/^[ \t]*(\/\/|\*|\/\*\*).*$/gm, "");
	for (const [what, pattern] of Object.entries(LATER))
		for (const match of text.matchAll(new RegExp(pattern, `${pattern.flags}g`))) {
			const use = match[0].trim().replaceAll(/\s+/g, " ");
			console.error(
				`${path}:${lineOf(text, match.index)}: Node 18.20 does not have ${what}: ${use}`,
			);
			found++;
		}
}

for (const path of files.filter((path) => path.endsWith("package.json")))
	for (const [name, version] of Object.entries(JSON.parse(read(path)).overrides ?? {}))
		if (typeof version !== "string") {
			console.error(
				`${path}: npm 9.2 and later ones read an override within "${name}" differently: no lock file suits both`,
			);
			found++;
		}
process.exitCode = found > 0 ? 1 : 0;

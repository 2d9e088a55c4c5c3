// What test programs print, counted: { passed, failed, skipped, failures: [{ name, why }] }, why being
// the first lines of what a failed one said.

/** So many lines say what failed; the whole stands further up, where the program's output is shown. */
const WHY_LINES = 12;

/** What a point of a TAP document says of its failure: its message, without logs, and where in the tests. */
function whyTap(lines) {
	const said = lines.map((line) => line.trim()).filter((line) => line !== "");
	const since = said.findIndex((line) => line.startsWith("error:"));
	if (since < 0) return [];
	const rest = said.slice(since);
	const ends = rest.findIndex((line) => /^(code|name|stack): |^--- the daemons' log/.test(line));
	const error = rest.slice(0, ends < 0 ? rest.length : ends);
	const at = rest.filter((line) => /\/tests\/\S+\.mjs:\d+/.test(line)).slice(0, 3);
	return [
		...error.slice(0, WHY_LINES).map((line) => line.replace(/^error: (\|-)?/, "")),
		...at,
	].filter((line) => line !== "");
}

/** The test points of a TAP document: { depth, failed, name, why }. */
function tapPoints(text) {
	const points = [];
	let last;
	for (const line of text.split("\n")) {
		const match = /^(\s*)(not )?ok\b(?:\s+\d+)?(?:\s+-)?\s*(.*)$/.exec(line);
		if (match) {
			last = { depth: match[1].length, failed: Boolean(match[2]), name: match[3], lines: [] };
			points.push(last);
		} else last?.lines.push(line);
	}
	return points.map(({ lines, ...point }) => ({
		...point,
		why: point.failed ? whyTap(lines) : [],
	}));
}

/**
 * Counts the test points of a TAP document. A point that had points below it is a group: it
 * counts only when it failed and none below it did (a hook, or the runner itself).
 */
export function countTap(text) {
	const count = { passed: 0, failed: 0, skipped: 0, failures: [] };
	const below = []; // for each depth, the points since the last one further out
	for (const { depth, failed, name, why } of tapPoints(text)) {
		const deeper = below.filter((entry) => entry.depth > depth);
		while (below.length > 0 && below[below.length - 1].depth > depth) below.pop();
		if (below.length === 0 || below[below.length - 1].depth < depth)
			below.push({ depth, failed: 0 });
		const here = below[below.length - 1];
		const failedBelow = deeper.reduce((sum, entry) => sum + entry.failed, 0);
		if (failed) here.failed++;
		else here.failed += failedBelow;
		if (deeper.length > 0 && (!failed || failedBelow > 0)) continue;
		if (/#\s*SKIP\b/i.test(name)) count.skipped++;
		else if (failed) {
			count.failed++;
			count.failures.push({ name: name.replace(/\s+#.*$/, ""), why });
		} else count.passed++;
	}
	return count;
}

/** What cmocka printed while a test ran that failed. */
function whyCmocka(text, name) {
	const ran = text.indexOf(`[ RUN      ] ${name}\n`);
	const said = text.slice(ran < 0 ? text.length : ran, text.indexOf(`[  FAILED  ] ${name}\n`, ran));
	return said.split("\n").slice(1, -1).slice(-WHY_LINES);
}

/** Counts what cmocka prints in its standard form; it names the failed ones a second time at the end. */
export function countCmocka(text) {
	const named = (word) =>
		[...text.matchAll(new RegExp(`^\\[ *${word} *\\] (?!\\d+ test\\(s\\))(.*)$`, "gm"))].map(
			([, name]) => name,
		);
	const names = [...new Set(named("FAILED"))];
	return {
		passed: named("OK").length,
		failed: names.length,
		skipped: new Set(named("SKIPPED")).size,
		failures: names.map((name) => ({ name, why: whyCmocka(text, name) })),
	};
}

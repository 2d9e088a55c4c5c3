// Counts test results in the output of test programs: { passed, failed, skipped, failures: [{ name, why }],
// skips: [{ name, why }] }. why: the first lines of the failure's message; the reason why it was skipped.

/** The summary repeats only the beginning of a message. */
const WHY_LINES = 12;

/** The message of a failed TAP test point, and the lines of the tests in its stack. */
function whyTap(diagnostics) {
	const lines = diagnostics.map((line) => line.trim()).filter((line) => line !== "");
	const start = lines.findIndex((line) => line.startsWith("error:"));
	if (start < 0) return [];
	const rest = lines.slice(start);
	const end = rest.findIndex((line) => /^(code|name|stack): /.test(line));
	const message = rest.slice(0, end < 0 ? rest.length : end);
	const at = rest.filter((line) => /\/tests\/\S+\.mjs:\d+/.test(line)).slice(0, 3);
	return [
		...message.slice(0, WHY_LINES).map((line) => line.replace(/^error: (\|-)?/, "")),
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
 * Counts the test points of a TAP document. A group of test points is not counted, except if it failed and
 * none of its points did (a hook failed).
 */
export function countTap(text) {
	const count = { passed: 0, failed: 0, skipped: 0, failures: [], skips: [] };
	const open = []; // for each depth: how many points failed since the last point that is less deep
	for (const { depth, failed, name, why } of tapPoints(text)) {
		const deeper = open.filter((entry) => entry.depth > depth);
		while (open.at(-1)?.depth > depth) open.pop();
		if (open.length === 0 || open.at(-1).depth < depth) open.push({ depth, failed: 0 });
		const failedBelow = deeper.reduce((sum, entry) => sum + entry.failed, 0);
		open.at(-1).failed += failed ? 1 : failedBelow;
		if (deeper.length > 0 && (!failed || failedBelow > 0)) continue;
		const [, skipped, reason] = /^(.*?)\s+#\s*SKIP\b\s*(.*)$/i.exec(name) ?? [];
		if (skipped !== undefined) {
			count.skipped++;
			count.skips.push({ name: skipped, why: reason });
		} else if (failed) {
			count.failed++;
			count.failures.push({ name: name.replace(/\s+#.*$/, ""), why });
		} else count.passed++;
	}
	return count;
}

/** What a cmocka test printed that ended like this. */
function whyCmocka(text, name, ended) {
	const start = text.indexOf(`[ RUN      ] ${name}\n`);
	const end = text.indexOf(`[  ${ended} ] ${name}\n`, start);
	return start < 0 ? [] : text.slice(start, end).split("\n").slice(1, -1).slice(-WHY_LINES);
}

/** Counts cmocka's standard output, in which each failed test is listed again at the end. */
export function countCmocka(text) {
	const named = (word) =>
		[...text.matchAll(new RegExp(`^\\[ *${word} *\\] (?!\\d+ test\\(s\\))(.*)$`, "gm"))].map(
			([, name]) => name,
		);
	const names = [...new Set(named("FAILED"))];
	const skips = [...new Set(named("SKIPPED"))];
	return {
		passed: named("OK").length,
		failed: names.length,
		skipped: skips.length,
		failures: names.map((name) => ({ name, why: whyCmocka(text, name, "FAILED ") })),
		skips: skips.map((name) => ({ name, why: whyCmocka(text, name, "SKIPPED").join(" ") })),
	};
}

/** Counts by the summary at the end of a spec report of Node's test runner. */
export function countSummary(text) {
	const number = (word) => Number(new RegExp(`^(?:ℹ|#) ${word} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
	const names = text.match(/^not ok .*|^\s*✖ .*/gm) ?? [];
	const failed = number("fail") + number("cancelled");
	const skips = [...text.matchAll(/^\s*﹣ (.*?)(?: \([\d.]+ms\))? # (.*)$/gm)];
	return {
		passed: number("pass"),
		failed,
		skipped: number("skipped") + number("todo"),
		failures: failed > 0 ? names.map((name) => ({ name: name.trim(), why: [] })) : [],
		skips: skips.map(([, name, why]) => ({ name, why: why.replace(/^SKIP$/i, "") })),
	};
}

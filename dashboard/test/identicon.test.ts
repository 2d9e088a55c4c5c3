import assert from "node:assert/strict";
import { test } from "node:test";
import { identicon } from "../src/ui/identicon";

test("the same name always gives the same figure, and neighbours differ", () => {
	assert.deepEqual(identicon("visitor-1"), identicon("visitor-1"));
	const names = Array.from({ length: 200 }, (_, i) => `session-${i}`);
	const figures = new Set(names.map((name) => JSON.stringify(identicon(name))));
	assert.ok(figures.size >= 198, `${figures.size} figures for 200 names`);
	const tones = new Set(names.map((name) => identicon(name).tone));
	assert.deepEqual([...tones].sort(), [0, 1, 2, 3, 4, 5]);
});

test("a figure is symmetric", () => {
	const cells = [...identicon("visitor-1").path.matchAll(/M(\d) (\d)/g)];
	const has = new Set(cells.map(([, x, y]) => `${x} ${y}`));
	assert.ok(cells.length > 0);
	for (const [, x, y] of cells) assert.ok(has.has(`${4 - Number(x)} ${y}`), `${x} ${y}`);
});

// A long text is added in several tasks, and only while the node is on the page.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createMarkdown } from "../src/markdown/index";
import type { FakeElement } from "./fake-dom";
import { htmlOf, OPTIONS, render } from "./markdown-html";

const TEXT = "A **long** reply, [with a link](https://shop.example).\n\n- item\n\n".repeat(500);
const PIECES = TEXT.match(/[\s\S]{1,1000}/g) ?? [];

// No task takes long, however busy this machine is.
mock.method(performance, "now", () => 0);

const nextTask = () => new Promise((resolve) => setTimeout(resolve));

test("a reply of the history appears in slices", async () => {
	const { node, render: show } = createMarkdown(OPTIONS);
	const fake = node as unknown as FakeElement;
	fake.isConnected = true;
	show(TEXT, true);
	const steps: number[] = [];
	while (steps[steps.length - 1] !== fake.textContent.length) {
		steps.push(fake.textContent.length);
		await nextTask();
	}
	assert.equal(htmlOf(fake), htmlOf(render(PIECES)));
	const largest = Math.max(...steps.map((length, i) => length - (steps[i - 1] ?? 0)));
	assert.ok(steps.length > 3 && largest <= 3_000, `${steps}`);
	assert.equal(fake.events.length, steps.length - 1);
});

test("slices are smaller where they take long, and grow again", async (t) => {
	let now = 0;
	let taskMs = 20;
	t.mock.method(performance, "now", () => {
		now += taskMs;
		return now;
	});
	const { node, render: show } = createMarkdown(OPTIONS);
	const fake = node as unknown as FakeElement;
	fake.isConnected = true;
	const lengths: number[] = [];
	show(TEXT, true);
	while (lengths[lengths.length - 1] !== fake.textContent.length) {
		lengths.push(fake.textContent.length);
		if (lengths.length === 8) taskMs = 1;
		await nextTask();
	}
	const steps = lengths.map((length, i) => length - (lengths[i - 1] ?? 0));
	assert.ok(Math.max(...steps.slice(4, 8)) <= 375, `${steps}`);
	assert.ok(Math.max(...steps.slice(12)) > 1_200, `${steps}`);
	assert.equal(htmlOf(fake), htmlOf(render(PIECES)));
});

test("text that follows meanwhile is added, and none after the node has left the page", async () => {
	const { node, render: show } = createMarkdown(OPTIONS);
	const fake = node as unknown as FakeElement;
	show(TEXT, false);
	const begin = fake.textContent;
	await nextTask();
	await nextTask();
	assert.equal(fake.textContent, begin);
	fake.isConnected = true;
	show(`${TEXT}end`, true);
	for (let i = 0; i < TEXT.length / 1000 && !fake.textContent.endsWith("end"); i++)
		await nextTask();
	assert.equal(htmlOf(fake), htmlOf(render([...PIECES, "end"])));
});

test("white space that is cut off at the end of a complete text changes nothing", () => {
	const { node, render: show } = createMarkdown(OPTIONS);
	show("one *two*\n\nthree \n", false);
	const before = [...node.childNodes];
	show("one *two*\n\nthree", true);
	assert.deepEqual([...node.childNodes], before);
	assert.equal(htmlOf(node as unknown as FakeElement), "<p>one <em>two</em></p>\n<p>three</p>\n");
});

test("a long complete text replaces another one at once, not piece by piece", async () => {
	const { node, render: show } = createMarkdown(OPTIONS);
	const fake = node as unknown as FakeElement;
	fake.isConnected = true;
	show("Another text", false);
	show(TEXT, true);
	for (let i = 0; i < TEXT.length / 1000 && fake.textContent === "Another text"; i++)
		await nextTask();
	assert.equal(htmlOf(fake), htmlOf(render(PIECES)));
	show(TEXT, false);
	show(`${TEXT}end`, true);
	for (let i = 0; i < TEXT.length / 1000 && !fake.textContent.endsWith("end"); i++)
		await nextTask();
	assert.equal(htmlOf(fake), htmlOf(render([...PIECES, "end"])));
});

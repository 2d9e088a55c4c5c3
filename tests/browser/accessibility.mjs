// What the accessibility tests measure in a page: axe's rules, and what axe cannot decide.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** axe's script: the small one, because each page must compile it. */
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PICTURES = fileURLToPath(new URL("../../build/pictures/", import.meta.url));
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** WCAG 2.5.8 and 1.4.3. */
const TARGET_PX = 24;
const CONTRAST = 4.5;

/** axe has this rule off by default: the accessible name contains the visible text (WCAG 2.5.3). */
const MORE_RULES = { "label-content-name-mismatch": { enabled: true } };

/**
 * Runs axe's script in the page and its frames, whose policies forbid a script tag. Compiling it takes a
 * third of the processor time of loading a page: only pages that are checked get it.
 */
async function addAxe(page) {
	for (const frame of page.frames())
		if (!(await frame.evaluate(() => "axe" in window))) await frame.evaluate(AXE);
}

/** What axe has against a part of the page, one line for each element. */
export async function violationsOf(page, include = "banter-chat") {
	await addAxe(page);
	const violations = await page.evaluate(
		async ([part, values, rules]) => {
			const runOnly = { type: "tag", values };
			const only = { runOnly, rules, resultTypes: ["violations"] };
			return (await axe.run({ include: [part] }, only)).violations;
		},
		[include, RULES, MORE_RULES],
	);
	return violations.flatMap(({ id, nodes }) =>
		nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
	);
}

/* Runs in the page: the texts that are too faint, and the targets that are too small. */
function measure({ contrastMin, targetPx }) {
	const root = document.querySelector("banter-chat").shadowRoot;
	const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
	const rgba = (color) => {
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = color;
		canvas.fillRect(0, 0, 1, 1);
		const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
		return [r, g, b, a / 255];
	};
	const over = ([r, g, b, a], [x, y, z]) => [
		r * a + x * (1 - a),
		g * a + y * (1 - a),
		b * a + z * (1 - a),
	];
	const luminance = (color) => {
		const [r, g, b] = color.map((byte) => {
			const c = byte / 255;
			return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
		});
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const contrast = (one, other) => {
		const [low, high] = [luminance(one), luminance(other)].sort((x, y) => x - y);
		return (high + 0.05) / (low + 0.05);
	};
	const parentOf = (node) => node.parentElement ?? node.getRootNode().host;
	/** All colours behind a node: a gradient has several. */
	const groundsOf = (node) => {
		if (!node) return [[255, 255, 255]];
		const { backgroundColor, backgroundImage } = getComputedStyle(node);
		const stops = backgroundImage.match(/(?:rgba?|color|oklch)\([^()]*\)/g) ?? [backgroundColor];
		const colors = stops.map(rgba);
		if (colors.every(([, , , a]) => a === 1)) return colors;
		return colors.flatMap((color) => groundsOf(parentOf(node)).map((back) => over(color, back)));
	};
	const isShown = (node) =>
		node.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
		!node.closest(".spoken, [aria-hidden=true]");
	const opacityOf = (node) =>
		node ? Number(getComputedStyle(node).opacity) * opacityOf(parentOf(node)) : 1;
	const textOf = (node) =>
		[...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim() !== "");
	const found = [];
	const check = (node, color, text) => {
		for (const ground of groundsOf(node)) {
			const [r, g, b, a] = rgba(color);
			const ratio = contrast(over([r, g, b, a * opacityOf(node)], ground), ground);
			if (ratio < contrastMin) found.push(`contrast ${ratio.toFixed(2)}: ${text}`);
		}
	};
	const nameOf = (node) =>
		`${node.localName}.${node.className} ${node.getAttribute("aria-label") ?? node.textContent.slice(0, 30)}`;
	for (const node of root.querySelectorAll("*")) {
		if (!isShown(node)) continue;
		if (textOf(node) && !node.matches("style, :disabled"))
			check(node, getComputedStyle(node).color, nameOf(node));
		if (node.placeholder && node.value === "")
			check(node, getComputedStyle(node, "::placeholder").color, `placeholder ${node.placeholder}`);
		const isTarget = node.matches(
			"button, input:not(:disabled), textarea, select, .bubble :not(p) > a",
		);
		if (!isTarget || getComputedStyle(node).display === "inline") continue;
		const { width, height } = node.getBoundingClientRect();
		if (width > 0 && (width < targetPx || height < targetPx))
			found.push(`target ${width} x ${height}: ${nameOf(node)}`);
	}
	return found;
}

/** Fails with everything that is wrong with the widget as it is shown now; keeps a picture. */
export async function assertAccessible(page, name, contrastMin = CONTRAST) {
	await page.waitForFunction(() => {
		const all = document.querySelector("banter-chat").shadowRoot.getAnimations();
		const ending = all.filter(
			({ effect, playState }) =>
				playState !== "finished" && effect.getTiming().iterations !== Infinity,
		);
		for (const one of ending) one.finish();
		return ending.length === 0;
	});
	await takePicture(page, name);
	const problems = await violationsOf(page);
	problems.push(...(await page.evaluate(measure, { contrastMin, targetPx: TARGET_PX })));
	assert.deepEqual(problems, []);
}

/** build/pictures/FOLDER/NAME.png, if somebody wants to look at it. */
export async function takePicture(page, name, folder = "accessibility") {
	if (!process.env.PICTURES) return;
	const directory = join(PICTURES, folder);
	await mkdir(directory, { recursive: true });
	const path = join(directory, `${name.replace(/\W+/g, "-")}.png`);
	await page.screenshot({ path, animations: "disabled" });
}

/** No text is cut off, nothing is outside of the window. */
export async function assertFits(chat) {
	const cut = await chat.evaluate((panel) => {
		const found = [];
		for (const node of [panel, ...panel.querySelectorAll("*")]) {
			const style = getComputedStyle(node);
			const { left, right, top } = node.getBoundingClientRect();
			if (node.closest(".spoken, .more .name, svg, pre, .table") || !node.checkVisibility())
				continue;
			const isClipped = style.overflowX !== "visible" && !/auto|scroll/.test(style.overflowX);
			if (isClipped && node.scrollWidth > node.clientWidth + 1 && style.textOverflow !== "ellipsis")
				found.push(`cut: ${node.className} ${node.scrollWidth} > ${node.clientWidth}`);
			if (left < -1 || right > innerWidth + 1 || (node === panel && top < -1))
				found.push(`outside: ${node.localName}.${node.className} ${left} to ${right}, ${top}`);
		}
		return found;
	});
	assert.deepEqual(cut, []);
}

/* Runs in the page: the focused element of the widget, null outside of it. */
function focused() {
	const host = document.querySelector("banter-chat");
	const node = host?.shadowRoot.activeElement;
	if (!node) return null;
	const { x, y, width, height } = node.getBoundingClientRect();
	const { outlineStyle, outlineWidth } = getComputedStyle(node);
	const points = [0.1, 0.5, 0.9].flatMap((a) => [0.1, 0.5, 0.9].map((b) => [a, b]));
	const all = [...host.shadowRoot.querySelectorAll("*")];
	const box = node.closest(".box");
	return {
		at: all.indexOf(node),
		name: `${node.localName}.${node.className} ${node.getAttribute("aria-label") ?? ""}`,
		isSeen: points.some(([a, b]) => {
			const top = host.shadowRoot.elementFromPoint(x + width * a, y + height * b);
			return top !== null && (node.contains(top) || top.contains(node));
		}),
		isMarked:
			(outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 1) ||
			(box !== null && getComputedStyle(box).outlineStyle !== "none"),
	};
}

/** Presses Tab from the page's link through the widget; returns the stops, in their order. */
export async function tabThrough(page, isModal = false) {
	if (!isModal) {
		await page.evaluate(() => {
			const link = document.createElement("a");
			link.href = "#here";
			link.addEventListener("blur", () => link.remove());
			link.textContent = "A link of the page";
			document.body.prepend(link);
			link.focus();
		});
	}
	const stops = [];
	for (;;) {
		await page.keyboard.press("Tab");
		const stop = await page.evaluate(focused);
		if (stop === null ? stops.length > 0 : stops.some(({ at }) => at === stop.at)) {
			assert.equal(stop === null, !isModal, "the focus leaves the chat, unless it is modal");
			return stops;
		}
		assert.ok(stops.length < 100, "the focus returns to the page");
		if (stop) stops.push(stop);
	}
}

/** Fails unless every stop is in the order of the document, visible, and marked. */
export function assertStops(stops) {
	assert.ok(stops.length > 0);
	for (const { name, isSeen, isMarked } of stops)
		assert.deepEqual({ isSeen, isMarked }, { isSeen: true, isMarked: true }, name);
	const order = stops.map(({ at }) => at);
	const first = order.indexOf(Math.min(...order));
	const turned = [...order.slice(first), ...order.slice(0, first)];
	assert.deepEqual(
		turned,
		[...order].sort((a, b) => a - b),
		"the order is that of the document",
	);
}

// Renders Markdown into a fake DOM and writes it as CommonMark's examples do.

import { createMarkdown, type Options } from "../src/markdown/index";
import { type FakeElement, FakeText, installDom } from "./fake-dom";

installDom();

export const WORDS: Options["words"] = (key) => key;
/** As in the specification: headings begin with h1, and links may be relative. */
export const OPTIONS: Options = { words: WORDS, heading: 1, base: "https://base.example/" };

/** Shows a text in these pieces. */
export function render(pieces: readonly string[], options: Options = OPTIONS): FakeElement {
	const { node, render: show } = createMarkdown(options);
	let text = "";
	for (const piece of pieces) {
		text += piece;
		show(text, false);
	}
	show(text, true);
	return node as unknown as FakeElement;
}

function escaped(text: string): string {
	const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
	return text.replace(/[&<>"]/g, (char) => names[char] ?? "");
}

const children = (node: FakeElement, isLoose = true) =>
	node.childNodes.map((child) => htmlOf(child as FakeElement, isLoose)).join("");

function codeHtml(node: FakeElement): string {
	const name = (node.childNodes[0] as FakeElement).textContent;
	const code = (node.childNodes[2] as FakeElement).textContent;
	const language = name && ` class="language-${escaped(name)}"`;
	return `<pre><code${language}>${escaped(code)}${code && "\n"}</code></pre>\n`;
}

const attribute = (node: FakeElement, name: string) => {
	const value = node.getAttribute(name);
	return value === null ? "" : ` ${name}="${escaped(value)}"`;
};

function itemHtml(node: FakeElement, isLoose: boolean): string {
	const inner = node.childNodes.map((child) => {
		const { localName } = child as FakeElement;
		if (localName === "p" && !isLoose) return children(child as FakeElement);
		return `\n${htmlOf(child as FakeElement, true)}`;
	});
	return `<li>${inner.join("")}</li>\n`;
}

/** The HTML that a node stands for; `isLoose`: of the list that it is in. */
export function htmlOf(node: FakeElement | FakeText, isLoose = true): string {
	if (node instanceof FakeText) return escaped(node.data);
	const name = node.localName;
	const isTable = node.className.split(" ").includes("table");
	if (name === "div") {
		if (node.className.split(" ").includes("code")) return codeHtml(node);
		return isTable ? children(node) : children(node);
	}
	if (name === "input")
		return `<input${node.checked ? ' checked=""' : ""} disabled="" type="checkbox"> `;
	if (name === "hr") return "<hr />\n";
	if (name === "li") return itemHtml(node, isLoose);
	if (name === "ul" || name === "ol") {
		const items = children(node, node.className.includes("loose"));
		return `<${name}${attribute(node, "start")}>\n${items}</${name}>\n`;
	}
	const inner = children(node);
	if (name === "blockquote" || /^(table|thead|tbody|tr)$/.test(name)) {
		return `<${name}>\n${inner}</${name}>\n`;
	}
	if (name === "td" || name === "th")
		return `<${name}${attribute(node, "align")}>${inner}</${name}>\n`;
	if (/^(p|h\d)$/.test(name)) return `<${name}>${inner}</${name}>\n`;
	return `<${name}${name === "a" ? attribute(node, "href") : ""}>${inner}</${name}>`;
}

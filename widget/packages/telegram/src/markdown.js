// The assistant's Markdown as the few tags that Telegram knows (core.telegram.org/bots/api, "HTML style"). What it does not know
// stays as it was written: a heading becomes bold, a list keeps its marks.

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text) => text.replace(/[&<>"]/g, (one) => ESCAPES[one]);

/** Marks within a line. Each piece is matched once, so tags are always nested. */
const MARKS =
	/(`+)(.+?)\1|\[([^\]\n]+)\]\((https?:\/\/[^\s()<>]+)\)|\*\*([^*\n]+)\*\*|__([^_\n]+)__|~~([^~\n]+)~~|(?<![\w*])\*([^*\s][^*\n]*)\*(?![\w*])|(?<![\w_])_([^_\s][^_\n]*)_(?![\w_])/g;

function inline(text) {
	let html = "";
	let end = 0;
	for (const found of text.matchAll(MARKS)) {
		const [whole, , code, label, url, bold, strong, struck, star, line] = found;
		html += escaped(text.slice(end, found.index));
		if (code !== undefined) html += `<code>${escaped(code)}</code>`;
		else if (url !== undefined) html += `<a href="${escaped(url)}">${escaped(label)}</a>`;
		else if ((bold ?? strong) !== undefined) html += `<b>${escaped(bold ?? strong)}</b>`;
		else if (struck !== undefined) html += `<s>${escaped(struck)}</s>`;
		else html += `<i>${escaped(star ?? line)}</i>`;
		end = found.index + whole.length;
	}
	return html + escaped(text.slice(end));
}

function block(line) {
	const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line);
	if (heading !== null) return `<b>${escaped(heading[1].replaceAll("**", ""))}</b>`;
	return inline(line.replace(/^(\s*)[-*+]\s+/, "$1• "));
}

export function toHtml(text) {
	const lines = text.split("\n");
	const out = [];
	for (let i = 0; i < lines.length; i++) {
		const fence = /^\s*(`{3,}|~{3,})/.exec(lines[i]);
		if (fence === null) {
			out.push(block(lines[i]));
			continue;
		}
		const code = [];
		while (++i < lines.length && !lines[i].trimStart().startsWith(fence[1])) code.push(lines[i]);
		out.push(`<pre>${escaped(code.join("\n"))}</pre>`);
	}
	return out.join("\n");
}

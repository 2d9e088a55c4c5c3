// Mentions in notes: "@" and a name, as the text field inserts it, or its first word.

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

export function mentions(text: string, name: string): boolean {
	const [first = ""] = name.trim().split(/\s+/);
	if (first === "") return false;
	// Not within an e-mail address, nor the beginning of a longer name.
	return new RegExp(`(?<![\\p{L}\\p{N}.])@${escaped(first)}(?![\\p{L}\\p{N}_])`, "iu").test(text);
}

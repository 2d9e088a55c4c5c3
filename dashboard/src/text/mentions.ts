// Mentions in notes: "@" and a name, as the text field inserts it, or a first name that only one person has.

interface Named {
	readonly id: string;
	readonly name: string;
}

/** As many as the server allows. */
const MENTIONS_MAX = 20;

/** Whether the text continues with the name, and the name ends there. */
function begins(text: string, name: string): boolean {
	const start = text.slice(0, name.length);
	const isSame = start.toLowerCase() === name.toLowerCase();
	return name !== "" && isSame && !/^[\p{L}\p{N}_]/u.test(text.slice(name.length));
}

const firstName = ({ name }: Named): string => name.trim().split(/\s+/)[0] ?? "";

/** The person who is meant behind an "@". */
function meant(text: string, people: readonly Named[]): Named | undefined {
	const full = people.filter(({ name }) => begins(text, name.trim()));
	if (full.length > 0)
		return full.reduce((one, other) => (other.name.length > one.name.length ? other : one));
	const first = people.filter((person) => begins(text, firstName(person)));
	return first.length === 1 ? first[0] : undefined;
}

/** The ids of the people whom a note mentions. An "@" within a word, as in an e-mail address, is none. */
export function mentionedIn(text: string, people: readonly Named[]): string[] {
	const ids = new Set<string>();
	for (const { index } of text.matchAll(/(?<![\p{L}\p{N}._-])@/gu)) {
		const person = meant(text.slice(index + 1), people);
		if (person) ids.add(person.id);
	}
	return [...ids].slice(0, MENTIONS_MAX);
}

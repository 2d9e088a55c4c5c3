// A small symmetric figure derived from a name, because session ids look alike.

const SIZE = 5;
const TONES = 6;

export interface Figure {
	/** The index of one of the style sheet's six colours. */
	readonly tone: number;
	/** An SVG path on a grid of 5 by 5. */
	readonly path: string;
}

/** FNV-1a with a final mix, because FNV's low bits hardly depend on the last character. */
export function hash(name: string): number {
	let h = 0x811c9dc5;
	for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
	h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
	h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
	return (h ^ (h >>> 16)) >>> 0;
}

export function identicon(name: string): Figure {
	const bits = hash(name);
	const half = Math.ceil(SIZE / 2);
	let path = "";
	for (let cell = 0; cell < half * SIZE; cell++) {
		if (((bits >>> cell) & 1) === 0) continue;
		const x = Math.floor(cell / SIZE);
		const y = cell % SIZE;
		for (const column of new Set([x, SIZE - 1 - x])) path += `M${column} ${y}h1v1h-1z`;
	}
	return { tone: (bits >>> 24) % TONES, path };
}

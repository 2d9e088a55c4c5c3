// Repeatable randomness: the choices of one seed, independent of those of another one in the same run.

/** A hashed counter, as in tests/faults/random.mjs. */
export class Random {
	#state;

	constructor(seed) {
		this.#state = Math.imul(seed, 0x85ebca6b) >>> 0;
	}

	#next() {
		this.#state = (this.#state + 0x9e3779b9) >>> 0;
		let x = this.#state;
		x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
		x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
		return (x ^ (x >>> 16)) >>> 0;
	}

	/** A number from 0 to n - 1. */
	below(n) {
		return Math.floor((this.#next() / 2 ** 32) * n);
	}

	between(low, high) {
		return low + (this.#next() / 2 ** 32) * (high - low);
	}

	chance(probability) {
		return this.#next() / 2 ** 32 < probability;
	}

	pick(list) {
		return list[this.below(list.length)];
	}
}

// Repeatable randomness: FAULTS_SEED=… repeats a run's choices (not its timing). Each test file
// prints its seed.

import { randomBytes } from "node:crypto";

const given = process.env.FAULTS_SEED;
export const SEED = given === undefined ? randomBytes(4).readUInt32LE(0) : Number(given) >>> 0;
console.log(`FAULTS_SEED=${SEED}`);

/** The finalizer of MurmurHash3. */
function mixed(number) {
	let x = number >>> 0;
	x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
	x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
	return (x ^ (x >>> 16)) >>> 0;
}

/** A sequence of choices. Those of each name are its own, whatever others draw meanwhile. */
export class Random {
	#state;

	constructor(name = "") {
		this.#state = [...name].reduce((hash, letter) => mixed(hash ^ letter.codePointAt(0)), SEED);
	}

	#next() {
		this.#state = (this.#state + 0x9e3779b9) >>> 0;
		return mixed(this.#state);
	}

	/** A number from 0 to n - 1. */
	below(n) {
		return Math.floor((this.#next() / 2 ** 32) * n);
	}

	between(low, high) {
		return low + (this.#next() / 2 ** 32) * (high - low);
	}

	/** Between low and high, log-uniform: as likely from 1 to 2 as from 100 to 200. */
	spread(low, high) {
		return Math.exp(this.between(Math.log(low), Math.log(high)));
	}

	chance(probability) {
		return this.#next() / 2 ** 32 < probability;
	}

	pick(list) {
		return list[this.below(list.length)];
	}
}

const common = new Random();
export const below = (n) => common.below(n);
export const between = (low, high) => common.between(low, high);
export const spread = (low, high) => common.spread(low, high);
export const chance = (probability) => common.chance(probability);
export const pick = (list) => common.pick(list);

// Repeatable randomness: FAULTS_SEED=… repeats a run's choices (not its timing). Each test file
// prints its seed.

import { randomBytes } from "node:crypto";

const given = process.env.FAULTS_SEED;
export const SEED = given === undefined ? randomBytes(4).readUInt32LE(0) : Number(given) >>> 0;
console.log(`FAULTS_SEED=${SEED}`);

let state = SEED;

/** The next 32 bits: a hashed counter (the finalizer of MurmurHash3). */
function next() {
	state = (state + 0x9e3779b9) >>> 0;
	let x = state;
	x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
	x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
	return (x ^ (x >>> 16)) >>> 0;
}

/** A number from 0 to n - 1. */
export function below(n) {
	return Math.floor((next() / 2 ** 32) * n);
}

export function between(low, high) {
	return low + (next() / 2 ** 32) * (high - low);
}

/** Between low and high, log-uniform: as likely from 1 to 2 as from 100 to 200. */
export function spread(low, high) {
	return Math.exp(between(Math.log(low), Math.log(high)));
}

export function chance(probability) {
	return next() / 2 ** 32 < probability;
}

export function pick(list) {
	return list[below(list.length)];
}

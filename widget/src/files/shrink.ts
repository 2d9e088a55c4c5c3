// Pictures of cameras have many more pixels than anybody looks at.

import { paint, scaled } from "./paint";
import { OWN_PIXELS_MAX, pictureType } from "./picture";

const EDGE_MAX = 2048;
const QUALITY = 0.85;
export const THUMBNAIL_EDGE = 96;

/** Has several frames, of which only one would be left. */
const ANIMATED = /acTL|ANIM/;

export interface Prepared {
	/** A smaller copy if that saves bytes; else the same one. */
	readonly blob: Blob;
	/** null: it is not shown as a picture. */
	readonly thumbnail: HTMLCanvasElement | null;
}

async function shrink(blob: Blob): Promise<Prepared> {
	const bytes = new Uint8Array(await blob.arrayBuffer());
	const type = pictureType(bytes, OWN_PIXELS_MAX);
	if (!type) return { blob, thumbnail: null };
	const canvas = await paint(new Blob([bytes], { type }), EDGE_MAX);
	const thumbnail = scaled(canvas, THUMBNAIL_EDGE);
	const head = String.fromCharCode(...bytes.subarray(0, 4096));
	const isWhole = type === "image/gif" || ANIMATED.test(head);
	if (isWhole || Math.max(canvas.width, canvas.height) < EDGE_MAX) return { blob, thumbnail };
	const smaller = await new Promise<Blob | null>((done) => canvas.toBlob(done, type, QUALITY));
	// A browser that cannot write this type writes another one.
	const saves = smaller?.type === type && smaller.size < blob.size;
	return { blob: saves ? smaller : blob, thumbnail };
}

const known = new WeakMap<Blob, Promise<Prepared>>();

/** What is sent of a file, and its thumbnail: a picture is decoded once for both. */
export function prepare(blob: Blob): Promise<Prepared> {
	const prepared = known.get(blob) ?? shrink(blob).catch(() => ({ blob, thumbnail: null }));
	known.set(blob, prepared);
	return prepared;
}

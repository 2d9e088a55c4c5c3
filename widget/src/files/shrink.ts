// Pictures of cameras have many more pixels than anybody looks at.

import { paint } from "./paint";
import { OWN_PIXELS_MAX, pictureType } from "./picture";

const EDGE_MAX = 2048;
const QUALITY = 0.85;

/** Has several frames, of which only one would be left. */
const ANIMATED = /acTL|ANIM/;

/** A smaller copy if that saves bytes; else the same one. */
export async function shrink(blob: Blob): Promise<Blob> {
	try {
		const bytes = new Uint8Array(await blob.arrayBuffer());
		const type = pictureType(bytes, OWN_PIXELS_MAX);
		const head = String.fromCharCode(...bytes.subarray(0, 4096));
		if (!type || type === "image/gif" || ANIMATED.test(head)) return blob;
		const canvas = await paint(blob, EDGE_MAX);
		if (Math.max(canvas.width, canvas.height) < EDGE_MAX) return blob;
		const smaller = await new Promise<Blob | null>((done) => canvas.toBlob(done, type, QUALITY));
		// A browser that cannot write this type writes another one.
		return smaller?.type === type && smaller.size < blob.size ? smaller : blob;
	} catch {
		return blob;
	}
}

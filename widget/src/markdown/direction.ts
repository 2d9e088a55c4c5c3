// The direction of a text.

/** A letter, and whether it is of a right-to-left script. */
const FIRST_LETTER = /([\u0590-\u08ff])|\p{L}/u;

/** The direction of the first letter; "" if there is none. */
export function directionOf(text: string): "ltr" | "rtl" | "" {
	const found = FIRST_LETTER.exec(text);
	if (!found) return "";
	return found[1] ? "rtl" : "ltr";
}

// Texts with parameters.

/** Replaces each `{name}` by its value. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
	return text.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all));
}

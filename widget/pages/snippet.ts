// The script tag of the chat, as text to copy.

export type Attributes = readonly (readonly [name: string, value: string])[];

function escapeAttribute(value: string): string {
	return value.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");
}

export function embedSnippet(attributes: Attributes): string {
	const lines = attributes.map(([name, value]) => `  ${name}="${escapeAttribute(value)}"`);
	return ["<script", ...lines, "  defer", "></script>"].join("\n");
}

// The script tags to paste.

export function widgetTag(origin: string, widgetId: string): string {
	return `<script src="${origin}/api/widget/embed.js" data-widget="${widgetId}" defer></script>`;
}

/** The tag of open-chat-widget. `key`: what stands where the key belongs. */
export function keyTag(origin: string, key: string): string {
	return [
		"<script",
		`  src="${origin}/widget/chat-widget.js"`,
		`  data-api-url="${origin}/chat"`,
		`  data-api-key="${key}"`,
		"  defer",
		"></script>",
	].join("\n");
}

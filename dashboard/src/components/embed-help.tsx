// Shown instead of an empty list: how to get the first conversation.

import { useState } from "preact/hooks";

function embedTag(origin: string): string {
	return `<script
  src="${origin}/widget/chat-widget.js"
  data-api-url="${origin}/chat"
  data-api-key="YOUR_WIDGET_API_KEY"
  data-title="Support"
  defer
></script>`;
}

export function EmbedHelp() {
	const tag = embedTag(location.origin);
	return (
		<section class="welcome" aria-labelledby="welcome-title">
			<h2 id="welcome-title">No conversations yet</h2>
			<p>
				Put this tag before <code>&lt;/body&gt;</code> on your site. The first message a visitor
				writes appears here by itself.
			</p>
			<div class="snippet">
				<textarea
					class="snippet-code"
					aria-label="Embed tag"
					rows={tag.split("\n").length}
					wrap="off"
					spellcheck={false}
					readOnly
					value={tag}
					onFocus={(event) => event.currentTarget.select()}
				/>
				<CopyButton text={tag} />
			</div>
			<p class="welcome-note">
				Replace <code>YOUR_WIDGET_API_KEY</code> with the value of <code>WIDGET_API_KEY</code> from
				your settings, and make sure that your site’s origin is in <code>CORS_ORIGIN</code>.
			</p>
		</section>
	);
}

function CopyButton({ text }: { readonly text: string }) {
	const [label, setLabel] = useState("Copy");
	// The clipboard is available only over HTTPS and on localhost.
	if (!navigator.clipboard) return null;

	async function copy() {
		try {
			await navigator.clipboard.writeText(text);
			setLabel("Copied");
		} catch {
			setLabel("Select and copy by hand");
		}
	}

	return (
		<button class="button snippet-copy" type="button" onClick={copy}>
			<span aria-live="polite">{label}</span>
		</button>
	);
}

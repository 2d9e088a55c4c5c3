// The figure of a visitor. Decoration: the session id beside it says the same.

import { identicon } from "../identicon";

export function Avatar({ name }: { readonly name: string }) {
	const { tone, path } = identicon(name);
	return (
		<svg class={`avatar tone-${tone}`} viewBox="-2 -2 9 9" aria-hidden="true">
			<path d={path} shape-rendering="crispEdges" />
		</svg>
	);
}

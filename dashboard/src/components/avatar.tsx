// A visitor's figure. Decorative: the session id stands beside it.

import { identicon } from "../identicon";

export function Avatar({ name }: { readonly name: string }) {
	const { tone, path } = identicon(name);
	return (
		<svg class={`avatar tone-${tone}`} viewBox="-2 -2 9 9" aria-hidden="true">
			<path d={path} shape-rendering="crispEdges" />
		</svg>
	);
}

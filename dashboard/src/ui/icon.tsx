// A decorative icon: the text beside it, or the label of its button, says what it means.

import { ICONS, type IconName } from "./icons";

export type { IconName };

export function Icon({ name }: { readonly name: IconName }) {
	return (
		<svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
			<path d={ICONS[name]} />
		</svg>
	);
}

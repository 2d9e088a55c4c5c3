// From a page to the list that it belongs to.

import { Icon } from "./icon";

export function BackLink({ href, text }: { readonly href: string; readonly text: string }) {
	return (
		<a class="page-back" href={href}>
			<Icon name="back" />
			{text}
		</a>
	);
}

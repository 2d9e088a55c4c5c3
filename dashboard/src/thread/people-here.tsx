// The other operators who have the conversation open.

import { PersonAvatar } from "../shell/person-avatar";
import { Avatar } from "../ui/avatar";
import type { Present } from "./presence";
import { t } from "./texts";

export function PeopleHere({ people }: { readonly people: readonly Present[] }) {
	return (
		// Only who comes is announced, not each pause of one who writes.
		<div role="status" aria-relevant="additions">
			{people.length > 0 && (
				<ul class="thread-people">
					{people.map(({ id, name, isWriting }) => (
						<li key={id} data-writing={isWriting}>
							{name ? (
								<PersonAvatar id={id} name={name} size="small" />
							) : (
								<Avatar name={id} size="small" />
							)}
							{isWriting
								? t("isWriting", { name: name || t("someone") })
								: t("isHere", { name: name || t("someone") })}
						</li>
					))}
				</ul>
			)}
		</div>
	);
}

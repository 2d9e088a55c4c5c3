// One contact in the list.

import type { Contact } from "../../../workerd/api/openapi/openapi";
import { contactPath } from "../paths";
import { words } from "../text/words";
import { TimeStamp } from "../ui/time-stamp";
import { ContactAvatar } from "../ui/visitor-avatar";
import { nameOf, reachedAt } from "./names";
import { t } from "./texts";

interface ContactRowProps {
	readonly contact: Contact;
	readonly now: number;
}

export function ContactRow({ contact, now }: ContactRowProps) {
	const { id, created_at: createdAt } = contact;
	const reached = reachedAt(contact);
	return (
		<li class="record contact-row">
			<ContactAvatar contact={contact} />
			<div class="contact-who">
				<a class="record-link contact-name" href={contactPath(id)}>
					{nameOf(contact) ?? t("nameless")}
				</a>
				{reached.length > 0 && <p class="contact-reached">{reached.join(" · ")}</p>}
			</div>
			<span class="contact-since">
				<TimeStamp at={createdAt} text={words.relative(createdAt, now)} />
			</span>
		</li>
	);
}

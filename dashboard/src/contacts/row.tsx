// One contact in the list.

import type { Contact } from "../../../workerd/api/openapi/openapi";
import { contactPath } from "../paths";
import { words } from "../text/words";
import { Avatar } from "../ui/avatar";
import { TimeStamp } from "../ui/time-stamp";
import { nameOf } from "./names";
import { t } from "./texts";

interface ContactRowProps {
	readonly contact: Contact;
	readonly now: number;
}

export function ContactRow({ contact, now }: ContactRowProps) {
	const { id, name, email, phone, created_at: createdAt } = contact;
	const called = nameOf(contact);
	// The name's place has one of the two if there is no name.
	const reached = [email, phone].filter((one) => one !== null && one !== called);
	return (
		<li class="contact-row">
			<Avatar name={id} person={name} />
			<div class="contact-who">
				<a class="contact-name" href={contactPath(id)}>
					{called ?? t("nameless")}
				</a>
				{reached.length > 0 && <p class="contact-reached">{reached.join(" · ")}</p>}
			</div>
			<span class="contact-since">
				<TimeStamp at={createdAt} text={words.relative(createdAt, now)} />
			</span>
		</li>
	);
}

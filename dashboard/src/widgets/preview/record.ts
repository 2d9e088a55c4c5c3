// What the preview's widget gets in place of its settings on the server.

import type { WidgetForPage } from "../../../../workerd/api/openapi/openapi";
import { collected, settingsOf, type WidgetValue } from "../form-value";

/** A teaser appears at once and on this page: what makes it wait or stay away cannot be seen in a preview. */
function teaserOf({ teaser }: ReturnType<typeof settingsOf>) {
	return teaser && { text: teaser.text ?? "", delaySeconds: 0, oncePerVisitor: false };
}

export function recordOf(value: WidgetValue): WidgetForPage {
	const settings = settingsOf(value);
	const teaser = teaserOf(settings);
	const required = settings.requiredFields;
	return {
		name: value.name.trim() || null,
		greeting: value.greeting.trim() || null,
		primary_color: value.primary_color,
		text_color: value.text_color,
		position: value.position,
		contact_info_mode: value.contact_info_mode,
		collect_name: value.collect_name,
		collect_email: value.collect_email,
		collect_phone: value.collect_phone,
		contact: {
			mode: value.contact_info_mode,
			fields: collected(value).map((name) => ({
				name,
				required: value.contact_info_mode === "required" && (required?.includes(name) ?? true),
			})),
		},
		settings: { ...settings, ...(teaser && { teaser }) },
	};
}

/*
 * A frame from a visitor, an untrusted client: an accepted one is within the limits of the contract
 * and of messages.def, whatever the widget requires.
 */
#include "tests/fuzz/fuzz.h"
#include "workerd/api/identity/contact_details.h"
#include "workerd/api/request/client_id.h"
#include "workerd/api/widget/widget_frame.h"

/* Like the fields of CONTACT_SUBMIT. */
static const size_t maxima[CONTACT_FIELDS] = {600, 254, 64};

static void
check_message(const struct widget_frame *frame)
{
	size_t units = utf8_utf16_len(frame->content);

	must(utf8_valid(frame->content) && units >= 1 && units <= 4000);
	must(frame->content.len <= 12000);
}

static void
check_contact(const struct widget_frame *frame, unsigned collects, unsigned required)
{
	struct contact_details contact;
	const char *wrong = contact_details_read(&frame->who, collects, required, &contact);
	bool any = false;

	for (size_t i = 0; i < CONTACT_FIELDS; i++) {
		struct slice value = contact.value[i], trimmed = utf8_trim(value);

		must(value.len == 0 || (collects & 1u << i) != 0);
		must(trimmed.len == value.len && utf8_valid(value));
		must(contact.wrong[i] == NULL ||
		    (wrong != NULL && (value.len > 0 || (required & 1u << i) != 0)));
		must(contact.wrong[i] != NULL || value.len <= maxima[i]);
		any = any || value.len > 0;
	}
	must(any || wrong != NULL);
}

FUZZ(widget_frame)
{
	struct widget_frame frame;
	const char *wrong = widget_frame_read(in, &frame);

	must(frame.id.len == 0 || client_id_is_valid(frame.id));
	if (wrong != NULL)
		must(*wrong != '\0' && frame.content.len == 0);
	else if (frame.kind == WIDGET_MESSAGE)
		check_message(&frame);
	for (unsigned collects = 0; wrong == NULL && collects <= 7; collects++)
		if (frame.kind == WIDGET_CONTACT)
			check_contact(&frame, collects, collects & (unsigned)in.len);
	widget_frame_clear(&frame);
}

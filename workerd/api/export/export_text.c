/*
 * Lines of text, with UTC times.
 */
#include "workerd/api/export/export_text.h"

#include <stdio.h>
#include <time.h>

#include "proto/base/basics.h"

#define TIME_SIZE 64

/* "2026-01-31 23:59:59 UTC"; empty for a time that has no such form. */
static void
export_text_time(uint64_t ms, char out[TIME_SIZE])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	out[0] = '\0';
	if (gmtime_r(&seconds, &tm) != NULL)
		(void)strftime(out, TIME_SIZE, "%Y-%m-%d %H:%M:%S UTC", &tm);
}

/* Appends texts up to a NULL. */
static int
export_text_add(struct buf *out, const char *const *texts)
{
	for (; *texts != NULL; texts++)
		if (buf_append_str(out, *texts) == -1)
			return -1;
	return 0;
}

/* Appends "Name: value", unless the value is not known. */
static int
export_text_line(struct buf *out, const char *name, struct slice value)
{
	if (value.len == 0)
		return 0;
	return export_text_add(out, (const char *const[]){name, ": ", NULL}) == -1 ||
		buf_append(out, value.p, value.len) == -1
	    ? -1
	    : buf_append_str(out, "\n");
}

int
export_text_head(struct buf *out, const struct msg_message_page *page)
{
	struct msg_conversation_record conversation;
	struct msg_conversation_face face = {0};
	struct msg_page_record site = {0};
	char id[ID_TEXT_LEN + 1], began[TIME_SIZE];

	must(record_decode(page->conversation, MSG_CONVERSATION_RECORD, &conversation) ==
	    WIRE_OK);
	if (page->face.len > 0)
		must(record_decode(page->face, MSG_CONVERSATION_FACE, &face) == WIRE_OK);
	if (page->page.len > 0)
		must(record_decode(page->page, MSG_PAGE_RECORD, &site) == WIRE_OK);
	id_format(&conversation.id, id);
	export_text_time(conversation.created_at, began);
	if (export_text_line(out, "Conversation", slice_str(id)) == -1 ||
	    export_text_line(out, "Started", slice_str(began)) == -1 ||
	    export_text_line(out, "Name", face.name) == -1 ||
	    export_text_line(out, "E-mail", face.email) == -1 ||
	    export_text_line(out, "Phone", face.phone) == -1)
		return -1;
	return export_text_line(out, "Page", site.url);
}

/* Who wrote a message. */
static struct slice
export_text_author(const struct msg_message_record *message)
{
	struct msg_message_details details = {0};

	if (message->role == MESSAGE_USER)
		return slice_str("Visitor");
	if (message->role == MESSAGE_ASSISTANT)
		return slice_str("Assistant");
	if (message->details.len > 0)
		must(record_decode(message->details, MSG_MESSAGE_DETAILS, &details) == WIRE_OK);
	return details.author_name.len > 0 ? details.author_name : slice_str("Operator");
}

int
export_text_message(struct buf *out, const struct msg_message_record *message)
{
	struct slice author = export_text_author(message);
	char at[TIME_SIZE];

	export_text_time(message->created_at, at);
	if (export_text_add(out, (const char *const[]){"\n[", at, "] ", NULL}) == -1 ||
	    buf_append(out, author.p, author.len) == -1 || buf_append_str(out, ":\n") == -1 ||
	    buf_append(out, message->text.p, message->text.len) == -1)
		return -1;
	return buf_append_str(out, "\n");
}

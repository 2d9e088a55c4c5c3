/*
 * Pages are kept encoded and decoded for each request, because a retry writes the request again.
 */
#include "workerd/turn/prompt/history.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/basics.h"
#include "proto/text/tokens.h"

/* More than any model's context; a worker may hold a thousand histories. */
#define HISTORY_BYTES_MAX (4u * 1024 * 1024)

/* Bytes of what stands around the names of a message's files. */
#define FILE_LINES_MAX 1024u

struct history_page {
	SLIST_ENTRY(history_page) link;
	size_t len;
	uint8_t list[];
};

void
history_init(struct history *h, size_t max, size_t max_tokens)
{
	*h = (struct history){.max = max, .max_tokens = max_tokens};
	SLIST_INIT(&h->pages);
}

void
history_clear(struct history *h)
{
	struct history_page *page;

	while ((page = SLIST_FIRST(&h->pages)) != NULL) {
		SLIST_REMOVE_HEAD(&h->pages, link);
		free(page);
	}
	h->bytes = h->n = h->tokens = 0;
}

/* The list's decoder has checked the record. */
static void
history_read_record(struct slice item, struct msg_message_record *record)
{
	must(record_decode(item, MSG_MESSAGE_RECORD, record) == WIRE_OK);
}

static bool
history_has(const struct msg_message_record *record)
{
	return record->text.len + record->files.len > 0;
}

static void
history_count(struct history *h, struct slice messages)
{
	struct msg_message_record record;
	struct slice item;

	while (wire_list_next(&messages, &item)) {
		history_read_record(item, &record);
		h->n += history_has(&record);
		h->tokens += tokens_estimate_text(record.text);
	}
}

void
history_add(struct history *h, struct slice messages, uint64_t older)
{
	struct history_page *page = xcalloc(1, sizeof(*page) + messages.len);

	page->len = messages.len;
	must(slice_copy(messages, page->list, page->len));
	SLIST_INSERT_HEAD(&h->pages, page, link);
	history_count(h, messages);
	h->bytes += messages.len;
	h->older = older;
}

size_t
history_missing(const struct history *h)
{
	if (h->older == 0 || h->n >= h->max || h->bytes >= HISTORY_BYTES_MAX ||
	    (h->max_tokens > 0 && h->tokens >= h->max_tokens))
		return 0;
	return h->max - h->n;
}

void
history_questions(const struct history *h, struct slice *last, struct slice *before)
{
	const struct history_page *page;

	*last = *before = (struct slice){0};
	SLIST_FOREACH(page, &h->pages, link)
	{
		struct slice list = {page->list, page->len}, item;
		struct msg_message_record record;

		while (wire_list_next(&list, &item)) {
			history_read_record(item, &record);
			if (record.role != MESSAGE_USER || record.text.len == 0)
				continue;
			*before = *last;
			*last = record.text;
		}
	}
}

/* How many of the oldest messages with text a request leaves out. */
static size_t
history_skip(const struct history *h)
{
	const struct history_page *page;
	size_t n = 0, tokens = h->tokens;

	SLIST_FOREACH(page, &h->pages, link)
	{
		struct slice list = {page->list, page->len}, item;
		struct msg_message_record record;

		while (wire_list_next(&list, &item)) {
			history_read_record(item, &record);
			if (!history_has(&record))
				continue;
			if (n + 1 >= h->n ||
			    (h->n - n <= h->max &&
				(h->max_tokens == 0 || tokens <= h->max_tokens)))
				return n;
			tokens -= tokens_estimate_text(record.text);
			n++;
		}
	}
	return n;
}

/* A visitor's message with what stands before it. */
static int
history_write_question(struct openai_request *request, struct slice found, struct slice text)
{
	struct buf both;
	int rc;

	buf_init(&both, found.len + text.len);
	must(buf_append(&both, found.p, found.len) == 0);
	must(buf_append(&both, text.p, text.len) == 0);
	rc = openai_add_message(request, MESSAGE_USER, buf_slice(&both));
	buf_clear(&both);
	return rc;
}

/* A message with files: the model reads which, and what their sender says that they show, not what is in them. */
static int
history_write_files(
    struct openai_request *request, const struct msg_message_record *r, struct slice found)
{
	struct slice list = r->files, item;
	struct msg_file_item file;
	struct buf text;
	int rc;

	buf_init(&text, found.len + r->text.len + 2 * r->files.len + FILE_LINES_MAX);
	must(buf_append(&text, found.p, found.len) == 0);
	must(buf_append(&text, r->text.p, r->text.len) == 0);
	while (wire_list_next(&list, &item)) {
		must(record_decode(item, MSG_FILE_ITEM, &file) == WIRE_OK);
		must(buf_printf(&text, "%s[file: %.*s (%.*s, %u bytes)%s%.*s]",
			 buf_len(&text) == 0 ? "" : "\n", (int)file.name.len,
			 (const char *)file.name.p, (int)file.type.len,
			 (const char *)file.type.p, file.bytes,
			 file.description.len > 0 ? ": " : "", (int)file.description.len,
			 (const char *)file.description.p) == 0);
	}
	rc = openai_add_message(request, (enum message_role)r->role, buf_slice(&text));
	buf_clear(&text);
	return rc;
}

static int
history_write_message(struct openai_request *request, const struct msg_message_record *r,
    struct slice last, struct slice found)
{
	if (r->files.len > 0)
		return history_write_files(request, r,
		    r->text.len > 0 && r->text.p == last.p ? found : (struct slice){0});
	/* A record's text lies in its page, so the place says which message it is. */
	if (found.len > 0 && r->text.p == last.p)
		return history_write_question(request, found, r->text);
	return openai_add_message(request, (enum message_role)r->role, r->text);
}

int
history_write(const struct history *h, struct slice found, struct openai_request *request)
{
	struct slice last, before;
	const struct history_page *page;
	size_t skip = history_skip(h);

	history_questions(h, &last, &before);
	SLIST_FOREACH(page, &h->pages, link)
	{
		struct slice list = {page->list, page->len}, item;
		struct msg_message_record record;

		while (wire_list_next(&list, &item)) {
			history_read_record(item, &record);
			if (!history_has(&record))
				continue;
			if (skip > 0)
				skip--;
			else if (history_write_message(request, &record, last, found) == -1)
				return -1;
		}
	}
	return 0;
}

/* How many of the newest messages a request has: none before the first of the visitor. */
static size_t
history_sent(const struct history *h)
{
	const struct history_page *page;
	size_t skip = history_skip(h), sent = 0;

	SLIST_FOREACH(page, &h->pages, link)
	{
		struct slice list = {page->list, page->len}, item;
		struct msg_message_record record;

		while (wire_list_next(&list, &item)) {
			history_read_record(item, &record);
			if (!history_has(&record))
				continue;
			if (skip > 0)
				skip--;
			else if (sent > 0 || record.role == MESSAGE_USER)
				sent++;
		}
	}
	return sent;
}

bool
history_halve(struct history *h)
{
	const size_t sent = history_sent(h);

	if (sent <= 1)
		return false;
	h->max = sent / 2;
	return true;
}

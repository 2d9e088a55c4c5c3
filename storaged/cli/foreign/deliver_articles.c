/*
 * Articles become files of a source, which crawld reads as others. One that is there stays as it is.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "storaged/cli/foreign/deliver.h"
#include "storaged/cli/learn/learn_source.h"
#include "storaged/cli/store/store_pages.h"

#define PIECE_BYTES ((size_t)512 << 10)
#define TITLE_UNITS 200

struct known_pages {
	struct delivery *d;
	struct id_map names;
};

static void
deliver_articles_know(void *arg, struct slice item)
{
	struct known_pages *known = arg;
	struct msg_source_page_record page;
	struct id key;

	must(record_decode(item, MSG_SOURCE_PAGE_RECORD, &page) == WIRE_OK);
	key = deliver_hash(known->d, "page", page.url);
	id_map_set(&known->names, &key, &page.id);
}

static int
deliver_articles_upload(
    struct delivery *d, const struct learn_source *source, const struct item *item)
{
	struct slice name = item->text[ARTICLE_NAME], text = item->text[ARTICLE_TEXT];
	bool html = name.len > 5 && memcmp(name.p + name.len - 5, ".html", 5) == 0;
	struct msg_source_upload m = {.org = d->org,
	    .source = source->id,
	    .upload = id_new(),
	    .page = id_new(),
	    .url = name,
	    .type = slice_str(html ? "text/html" : "text/markdown"),
	    .total = (uint32_t)text.len};
	struct buf title;
	union msg answer;
	bool refused = false;
	int status = 0;

	buf_init(&title, 4 * TITLE_UNITS);
	m.title = deliver_line(&title, item->text[ARTICLE_TITLE], TITLE_UNITS);
	while (m.offset < m.total && status == 0 && !refused) {
		size_t left = text.len - m.offset;

		m.piece =
		    (struct slice){text.p + m.offset, left < PIECE_BYTES ? left : PIECE_BYTES};
		status = store_conn_ask(
		    &d->store, MSG_SOURCE_UPLOAD, &m, MSG_SOURCE_UPLOADED, &answer, &refused);
		m.offset += (uint32_t)m.piece.len;
	}
	buf_clear(&title);
	if (status == 0 && refused)
		return deliver_refused(d, &answer.error, name);
	d->added[DELIVER_ARTICLE] += status == 0;
	return status;
}

static int
deliver_articles_send(struct delivery *d, size_t from, size_t to,
    const struct learn_source *source, struct known_pages *known)
{
	struct item item;
	struct id key;
	int status = 0;

	for (; from < to && status == 0; from++) {
		status = deliver_read(d, from, &item);
		if (status != 0)
			break;
		key = deliver_hash(d, "page", item.text[ARTICLE_NAME]);
		if (id_map_get(&known->names, &key) != NULL) {
			d->there[DELIVER_ARTICLE]++;
			continue;
		}
		id_map_set(&known->names, &key, &item.id);
		status = deliver_articles_upload(d, source, &item);
	}
	return status;
}

int
deliver_articles(struct delivery *d, size_t from, size_t to)
{
	struct learn_source source = {.org = d->org, .kind = SOURCE_FILES};
	struct known_pages known = {.d = d};
	struct msg_source_page_list ask = {.org = d->org, .limit = 500};
	int status;

	if (from == to)
		return 0;
	(void)snprintf(source.name, sizeof(source.name), "%s articles",
	    d->from == FOREIGN_INTERCOM ? "Intercom" : "Chatwoot");
	status = learn_source_open(&d->store, &source);
	ask.source = source.id;
	if (status == 0)
		status = store_pages_walk(&d->store, MSG_SOURCE_PAGE_LIST, &ask, &ask.cursor,
		    MSG_SOURCE_PAGES, deliver_articles_know, &known);
	if (status == 0)
		status = deliver_articles_send(d, from, to, &source, &known);
	id_map_clear(&known.names);
	return status;
}

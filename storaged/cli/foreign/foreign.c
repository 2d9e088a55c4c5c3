#include "storaged/cli/foreign/foreign.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/list.h"
#include "storaged/cli/base/progress.h"
#include "storaged/cli/base/units.h"
#include "storaged/cli/foreign/deliver.h"
#include "storaged/cli/foreign/foreign_read.h"
#include "storaged/cli/store/org_option.h"

struct foreign {
	const struct foreign_options *options;
	struct spool spool;
	struct misfits misfits;
	struct delivery delivery;
	struct foreign_read read;
};

static void
foreign_found(void *arg, const struct item *item)
{
	spool_add(arg, item);
}

static int
foreign_read_all(struct foreign *f, char *const *files)
{
	int status = 0;

	mapping_init(&f->read.mapping, f->delivery.from, &f->misfits, foreign_found, &f->spool);
	f->read.mapping.org = f->delivery.org;
	for (; *files != NULL && status == 0; files++)
		status = foreign_read_path(&f->read, *files);
	mapping_clear(&f->read.mapping);
	progress_clear();
	spool_sort(&f->spool);
	if (status == 0 && f->spool.error != 0)
		return console_fail(
		    EX_IOERR, "cannot write a temporary file: %s", strerror(f->spool.error));
	if (status == 0 && f->read.files == 0)
		return console_fail(EX_NOINPUT, "there is no file to import");
	return status;
}

/* Counts the names that are new among the tags of a conversation. */
static void
foreign_count_tags(struct delivery *d, struct slice tags)
{
	while (tags.len > 0) {
		const uint8_t *end = memchr(tags.p, '\n', tags.len);
		size_t len = end == NULL ? tags.len : (size_t)(end - tags.p);
		struct slice name = utf8_trim((struct slice){tags.p, len});
		struct id key = deliver_hash(d, "tag", name);

		if (name.len > 0 && id_map_get(&d->tags, &key) == NULL) {
			id_map_set(&d->tags, &key, &key);
			d->added[DELIVER_TAG]++;
		}
		len += len < tags.len;
		tags.p += len;
		tags.len -= len;
	}
}

/* What would be sent: objects with the same id are one. */
static int
foreign_count(struct foreign *f)
{
	static const enum deliver_what what[] = {[ITEM_CONTACT] = DELIVER_CONTACT,
	    [ITEM_ARTICLE] = DELIVER_ARTICLE,
	    [ITEM_MESSAGE] = DELIVER_MESSAGE,
	    [ITEM_NOTE] = DELIVER_NOTE};
	struct delivery *d = &f->delivery;
	int status = 0;

	for (size_t from = 0, to; from < f->spool.n && status == 0; from = to) {
		struct id_map seen = {0};
		struct item item;
		bool thread = f->spool.places[from].kind >= ITEM_CONVERSATION, talks = false;

		to = deliver_group_end(d, from, f->spool.n);
		for (size_t i = from; i < to && status == 0; i++) {
			status = deliver_read(d, i, &item);
			if (status == 0 && item.kind == ITEM_CONVERSATION)
				foreign_count_tags(d, item.text[CONVERSATION_TAGS]);
			if (status != 0 || item.kind == ITEM_CONVERSATION ||
			    id_map_get(&seen, &item.id) != NULL)
				continue;
			id_map_set(&seen, &item.id, &item.id);
			talks |= item.kind == ITEM_MESSAGE;
			d->added[what[item.kind]]++;
		}
		d->added[DELIVER_CONVERSATION] += thread && talks;
		if (thread && !talks)
			misfits_add(
			    &f->misfits, "conversations without a message", (struct slice){0});
		id_map_clear(&seen);
	}
	return status;
}

/* The widget of imported conversations, which is looked up by its public id, and its organization. */
static int
foreign_find_widget(struct foreign *f)
{
	const char *text = f->options->widget;
	struct delivery *d = &f->delivery;
	struct msg_record_get get = {.kind = MSG_WIDGET_RECORD};
	struct msg_widget_record w;
	struct msg_org_record org;
	union msg m;
	int status;

	if (text == NULL) {
		status = store_conn_request(
		    &d->store, MSG_ORG_GET, &(struct msg_org_get){.org = d->org}, MSG_ORG, &m);
		if (status == 0) {
			must(record_decode(m.org.org, MSG_ORG_RECORD, &org) == WIRE_OK);
			d->widget = org.widget;
		}
		return status;
	}
	if (id_parse(slice_str(text), &get.id) == 0)
		get.org = d->org;
	else
		get.name = slice_str(text);
	status = store_conn_request(&d->store, MSG_RECORD_GET, &get, MSG_RECORD, &m);
	if (status != 0)
		return status;
	must(msg_read_record(MSG_RECORD, &m, MSG_WIDGET_RECORD, &w));
	if (!id_equal(&w.org, &d->org))
		return console_fail(
		    EX_NOINPUT, "the widget %s belongs to another organization", text);
	d->widget = w.id;
	return 0;
}

/* "1 contact, 2 conversations …" */
static void
foreign_print_counts(const char *before, const uint64_t n[DELIVER_KINDS])
{
	console_print("%s%s, %s, %s, %s, %s, %s", before,
	    units_count(n[DELIVER_CONTACT], "contact", "contacts").text,
	    units_count(n[DELIVER_CONVERSATION], "conversation", "conversations").text,
	    units_count(n[DELIVER_MESSAGE], "message", "messages").text,
	    units_count(n[DELIVER_NOTE], "note", "notes").text,
	    units_count(n[DELIVER_TAG], "tag", "tags").text,
	    units_count(n[DELIVER_ARTICLE], "article", "articles").text);
}

static json_t *
foreign_json_counts(const uint64_t n[DELIVER_KINDS])
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "contacts",
	    (json_int_t)n[DELIVER_CONTACT], "conversations",
	    (json_int_t)n[DELIVER_CONVERSATION], "messages", (json_int_t)n[DELIVER_MESSAGE],
	    "notes", (json_int_t)n[DELIVER_NOTE], "tags", (json_int_t)n[DELIVER_TAG],
	    "articles", (json_int_t)n[DELIVER_ARTICLE]);
}

static void
foreign_print(const struct foreign *f)
{
	const struct delivery *d = &f->delivery;

	if (f->options->json) {
		list_print_json(json_pack("{s:b, s:o, s:o, s:o}", "dry_run",
		    (int)f->options->dry_run, "added", foreign_json_counts(d->added), "there",
		    foreign_json_counts(d->there), "misfits", misfits_json(&f->misfits)));
		return;
	}
	foreign_print_counts(
	    f->options->dry_run ? "would be imported: " : "imported: ", d->added);
	if (!f->options->dry_run)
		foreign_print_counts("there already: ", d->there);
	if (f->misfits.n > 0)
		console_print("does not fit:");
	misfits_print(&f->misfits);
}

static int
foreign_deliver(struct foreign *f)
{
	struct delivery *d = &f->delivery;
	int status = store_conn_open_running(&d->store, f->options->socket);

	if (status == 0)
		status = org_option_check(&d->store, f->options->org, &d->org);
	if (status == 0)
		status = foreign_find_widget(f);
	if (status == 0)
		status = deliver_all(d);
	store_conn_close(&d->store);
	if (status != 0)
		console_warn("the import is incomplete; importing the files again is safe");
	return status;
}

/* Whether storaged has refused something, or a file could not be read. */
static bool
foreign_is_incomplete(const struct foreign *f)
{
	bool refused = false;

	for (size_t i = 0; i < f->misfits.n; i++)
		refused |= strncmp(f->misfits.of[i].reason, "refused", 7) == 0;
	return refused || f->read.failed;
}

static int
foreign_run(struct foreign *f, char *const *files)
{
	int status = foreign_read_all(f, files);

	if (status == 0)
		status = f->options->dry_run ? foreign_count(f) : foreign_deliver(f);
	if (status == 0)
		foreign_print(f);
	return status == 0 && foreign_is_incomplete(f) ? EX_DATAERR : status;
}

int
foreign_import(const struct foreign_options *options, char *const *files)
{
	struct foreign *f = xcalloc(1, sizeof(*f));
	int status;

	*f = (struct foreign){.options = options,
	    .delivery = {.store.channel.fd = -1,
		.org = id_default_org,
		.from = strcmp(options->from, "intercom") == 0 ? FOREIGN_INTERCOM
							       : FOREIGN_CHATWOOT}};
	f->delivery.spool = &f->spool;
	f->delivery.misfits = &f->misfits;
	if (f->delivery.from == FOREIGN_CHATWOOT && strcmp(options->from, "chatwoot") != 0)
		status = console_fail(EX_USAGE, "--from is chatwoot or intercom");
	else
		status = org_option_parse(options->org, &f->delivery.org);
	if (status == 0 && spool_open(&f->spool) == -1)
		status = console_fail(
		    EX_IOERR, "cannot create a temporary file: %s", strerror(errno));
	deliver_init(&f->delivery);
	if (status == 0)
		status = foreign_run(f, files);
	deliver_clear(&f->delivery);
	if (f->spool.items != NULL)
		spool_close(&f->spool);
	free(f);
	return status;
}

#include "storaged/cli/foreign/deliver.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/utf8.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/progress.h"
#include "storaged/cli/foreign/foreign_value.h"
#include "storaged/cli/store/store_pages.h"

void
deliver_init(struct delivery *d)
{
	d->now = clock_wall_ms();
	for (uint32_t i = 0; i < DELIVER_IN_FLIGHT; i++)
		d->unused[d->n_unused++] = i;
	buf_init(&d->record, WIRE_PAYLOAD_MAX);
	buf_init(&d->details, WIRE_PAYLOAD_MAX);
}

void
deliver_clear(struct delivery *d)
{
	id_map_clear(&d->contacts);
	id_map_clear(&d->owners);
	id_map_clear(&d->tags);
	buf_clear(&d->record);
	buf_clear(&d->details);
}

struct id
deliver_hash(const struct delivery *d, const char *kind, struct slice text)
{
	return foreign_value_id(&d->org, "here", kind, text);
}

struct slice
deliver_line(struct buf *out, struct slice text, size_t units)
{
	text = utf8_prefix(text, units);
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.p[i] < ' ' || text.p[i] == 0x7f ? ' ' : text.p[i];

		must(buf_append(out, &c, 1) == 0);
	}
	return utf8_trim(buf_slice(out));
}

int
deliver_read(struct delivery *d, size_t place, struct item *item)
{
	if (spool_read(d->spool, &d->spool->places[place], item) == 0)
		return 0;
	return console_fail(EX_IOERR, "cannot read a temporary file: %s", strerror(errno));
}

size_t
deliver_group_end(const struct delivery *d, size_t from, size_t to)
{
	const struct item_place *places = d->spool->places;
	size_t end = from;

	while (end < to && id_equal(&places[end].group, &places[from].group))
		end++;
	return end;
}

/* Whether the error concerns this object only. */
static bool
deliver_is_of_the_object(uint16_t code)
{
	return code != STORE_FULL && code != STORE_INTERNAL && code != STORE_DAMAGED &&
	    code != STORE_READ_ONLY;
}

int
deliver_refused(struct delivery *d, const struct msg_error *error, struct slice example)
{
	char reason[MISFIT_TEXT];

	if (!deliver_is_of_the_object(error->code))
		return store_conn_fail_refused(error);
	(void)snprintf(reason, sizeof(reason), "refused: %.*s", (int)error->detail.len,
	    (const char *)error->detail.p);
	misfits_add(d->misfits, reason, example);
	return 0;
}

static int
deliver_take_answer(struct delivery *d)
{
	struct frame f;
	union msg m;
	size_t i;
	int status = store_conn_receive(&d->store, &f, &m);

	if (status != 0)
		return status;
	i = (size_t)f.request - 1;
	if (i >= DELIVER_IN_FLIGHT || d->waits[i] == 0 ||
	    (f.type != MSG_OK && f.type != MSG_ERROR))
		return console_fail(EX_PROTOCOL, "storaged sent an unexpected reply");
	if (f.type == MSG_OK)
		d->added[d->waits[i] - 1]++;
	else
		status = deliver_refused(d, &m.error, (struct slice){0});
	d->waits[i] = 0;
	d->unused[d->n_unused++] = (uint32_t)i;
	return status;
}

int
deliver_settle(struct delivery *d)
{
	int status = 0;

	while (status == 0 && d->n_unused < DELIVER_IN_FLIGHT)
		status = deliver_take_answer(d);
	return status;
}

int
deliver_send(struct delivery *d, enum deliver_what what, enum msg_type type, const void *msg)
{
	int status = 0;

	while (status == 0) {
		if (d->n_unused > 0 &&
		    store_conn_send(&d->store, type, d->unused[d->n_unused - 1] + 1, msg) ==
			0) {
			d->waits[d->unused[--d->n_unused]] = (uint8_t)(what + 1);
			return 0;
		}
		status = deliver_take_answer(d);
	}
	return status;
}

int
deliver_send_record(
    struct delivery *d, enum deliver_what what, enum msg_type type, const void *record)
{
	struct msg_import_record m = {.type = (uint16_t)type};

	buf_reset(&d->record);
	must(record_encode(&d->record, type, record) == 0);
	m.record = buf_slice(&d->record);
	return deliver_send(d, what, MSG_IMPORT_RECORD, &m);
}

static void
deliver_know_tag(void *arg, struct slice item)
{
	struct delivery *d = arg;
	struct msg_tag_record tag;
	struct id key;

	must(record_decode(item, MSG_TAG_RECORD, &tag) == WIRE_OK);
	key = deliver_hash(d, "tag", tag.name);
	id_map_set(&d->tags, &key, &tag.id);
	d->tags_n++;
}

static size_t
deliver_kind_end(const struct delivery *d, size_t from, enum item_kind last)
{
	while (from < d->spool->n && d->spool->places[from].kind <= last)
		from++;
	return from;
}

int
deliver_all(struct delivery *d)
{
	struct msg_record_list ask = {.kind = MSG_TAG_RECORD, .org = d->org};
	size_t contacts = deliver_kind_end(d, 0, ITEM_CONTACT);
	size_t articles = deliver_kind_end(d, contacts, ITEM_ARTICLE);
	int status = store_pages_walk(&d->store, MSG_RECORD_LIST, &ask, &ask.cursor,
	    MSG_RECORD_PAGE, deliver_know_tag, d);

	if (status == 0)
		status = deliver_contacts(d, 0, contacts);
	if (status == 0)
		status = deliver_threads(d, articles, d->spool->n);
	if (status == 0)
		status = deliver_articles(d, contacts, articles);
	progress_clear();
	return status;
}

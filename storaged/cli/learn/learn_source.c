/*
 * Sources are few, so the one with a name is searched for in the list of all.
 */
#include "storaged/cli/learn/learn_source.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "proto/base/basics.h"
#include "proto/base/utf8.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/store/store_pages.h"

bool
learn_source_is_url(const char *operand)
{
	return strncmp(operand, "http://", 7) == 0 || strncmp(operand, "https://", 8) == 0;
}

/* Copies a name, cut to whole characters. */
static void
learn_source_copy_name(struct learn_source *s, const char *name, size_t len)
{
	struct slice text = {(const uint8_t *)name, len};

	text = utf8_prefix(text, LEARN_NAME_MAX / 3);
	must(slice_copy_text(text, s->name, sizeof(s->name)));
}

void
learn_source_set_name(struct learn_source *s, const char *operand, bool is_directory)
{
	size_t len = strlen(operand);

	if (s->url != NULL) {
		const char *host = strstr(s->url, "//") + 2;

		learn_source_copy_name(
		    s, host, s->kind == SOURCE_PAGE ? strlen(host) : strcspn(host, "/?#"));
		return;
	}
	while (len > 1 && operand[len - 1] == '/')
		len--;
	if (is_directory && !utf8_valid((struct slice){(const uint8_t *)operand, len}))
		is_directory = false;
	if (is_directory) {
		size_t from = len;

		while (from > 0 && operand[from - 1] != '/')
			from--;
		learn_source_copy_name(s, operand + from, len - from);
	}
	if (!is_directory || s->name[0] == '\0' || s->name[0] == '.')
		learn_source_copy_name(s, "Files", strlen("Files"));
}

/* A search in the list. */
struct learn_search {
	struct learn_source *s;
	bool found, other; /* other: of another kind or address */
};

static void
learn_source_look(void *arg, struct slice item)
{
	struct learn_search *search = arg;
	struct learn_source *s = search->s;
	struct msg_source_record r;

	must(record_decode(item, MSG_SOURCE_RECORD, &r) == WIRE_OK);
	if (!slice_eq_str(r.name, s->name) || search->found)
		return;
	search->other = r.kind != s->kind || (s->url != NULL && !slice_eq_str(r.url, s->url));
	search->found = !search->other;
	if (search->found)
		s->id = r.id;
}

static int
learn_source_create(struct store_conn *conn, struct learn_source *s)
{
	struct msg_source_record r = {
	    .v = RECORD_VERSION,
	    .id = id_new(),
	    .org = s->org,
	    .name = slice_str(s->name),
	    .kind = (uint8_t)s->kind,
	    .url = slice_str(s->url == NULL ? "" : s->url),
	    .pages_max = s->kind == SOURCE_PAGE ? 1 : 10000,
	    .enabled = 1,
	};
	struct msg_record_put put = {.kind = MSG_SOURCE_RECORD, .fresh = 1};
	struct buf record;
	union msg m;
	int status;

	buf_init(&record, WIRE_PAYLOAD_MAX);
	must(record_encode(&record, MSG_SOURCE_RECORD, &r) == 0);
	put.record = buf_slice(&record);
	status = store_conn_request(conn, MSG_RECORD_PUT, &put, MSG_RECORD, &m);
	buf_clear(&record);
	s->id = r.id;
	s->created = true;
	return status;
}

int
learn_source_open(struct store_conn *conn, struct learn_source *s)
{
	struct msg_record_list ask = {.kind = MSG_SOURCE_RECORD, .org = s->org};
	struct learn_search search = {.s = s};
	int status = store_pages_walk(conn, MSG_RECORD_LIST, &ask, &ask.cursor, MSG_RECORD_PAGE,
	    learn_source_look, &search);

	if (status != 0)
		return status;
	if (search.found)
		return learn_source_state(conn, s, &s->before);
	if (search.other)
		return console_fail(EX_USAGE,
		    "the source %s is of another kind, or begins at another address: choose "
		    "another "
		    "name with --source",
		    s->name);
	return learn_source_create(conn, s);
}

int
learn_source_state(
    struct store_conn *conn, const struct learn_source *s, struct msg_source_state_record *r)
{
	const struct msg_source_state_list ask = {.org = s->org, .source = s->id};
	struct slice item;
	union msg m;
	int status =
	    store_conn_request(conn, MSG_SOURCE_STATE_LIST, &ask, MSG_SOURCE_STATES, &m);

	if (status != 0)
		return status;
	if (!wire_list_next(&m.source_states.states, &item) ||
	    record_decode(item, MSG_SOURCE_STATE_RECORD, r) != WIRE_OK)
		return console_fail(EX_NOINPUT, "the source was removed");
	return 0;
}

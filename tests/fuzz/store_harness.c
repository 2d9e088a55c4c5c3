/*
 * The store under test. Its batch is always empty when the store's own work runs.
 */
#include "tests/fuzz/store_harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/log.h"
#include "storaged/engine/env_open.h"
#include "storaged/engine/env_probe.h"
#include "storaged/records/organization_create.h"
#include "storaged/records/widgets.h"
#include "storaged/server/handlers.h"
#include "storaged/turns/interrupt.h"
#include "storaged/verify/verify.h"
#include "storaged/visitors/visitors.h"
#include "tests/fuzz/fuzz.h"

/* Limit of a client's unsent replies; it is disconnected above it. */
#define OUT_MAX ((size_t)8 << 20)

#define STORE_BYTES ((uint64_t)64 << 20)
#define SMALL_BYTES ((uint64_t)128 << 10)

/* Limit of restarts in one input. */
#define RESTARTS_MAX 8

struct harness_client {
	struct client client;
	struct buf out;
	enum role role;
	uint64_t asked[BATCH_REQUESTS]; /* in this batch */
	size_t n;
};

static struct harness {
	char dir[64];
	bool small;
	uint64_t max_bytes;
	struct env env;
	struct open_turns open;
	struct live live;
	struct batch batch;
	struct harness_client clients[HARNESS_CLIENTS];
	struct buf frames[BATCH_REQUESTS]; /* memory of the batch's messages */
	size_t n;
	uint64_t requests;
	uint8_t cursor[ACTIVITY_CURSOR_LEN];
	size_t cursor_len;
	unsigned restarts;
} harness;

static void
remove_files(void)
{
	static const char *const names[] = {"data.mdb", "lock.mdb"};
	char path[96];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", harness.dir, names[i]);
		(void)unlink(path);
	}
}

static void
remove_dir(void)
{
	remove_files();
	(void)rmdir(harness.dir);
}

/* Once per process. The batch and the hash of open turns are empty between two stores, and too
 * large to allocate each time. */
static void
start(void)
{
	const char *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	(void)snprintf(harness.dir, sizeof(harness.dir), "%s/banter-fuzz-XXXXXX", memory);
	must(mkdtemp(harness.dir) != NULL);
	must(atexit(remove_dir) == 0);
	/* Thousands of requests are refused, and a full store is expected. */
	log_open("fuzz", (enum log_level)0);
	open_turns_init(&harness.open);
	live_init(&harness.live, &harness.open);
	batch_init(&harness.batch, &harness.env, &harness.live, &store_handlers);
}

static void
client_open(unsigned n)
{
	struct harness_client *c = &harness.clients[n];

	c->role = n == HARNESS_CLIENTS - 1 ? ROLE_TOOL : ROLE_WORKER;
	c->n = 0;
	buf_init(&c->out, OUT_MAX);
	client_init(&c->client, &c->out);
}

static void
serve(void)
{
	if (harness.env.mdb == NULL) {
		must(env_open(&harness.env, harness.dir, harness.max_bytes,
			 organization_make_default) == 0);
		must(mdb_env_set_flags(harness.env.mdb, MDB_NOSYNC, 1) == 0);
	}
	for (unsigned i = 0; i < HARNESS_CLIENTS; i++)
		client_open(i);
	must(open_turns_load(&harness.open, &harness.env) == 0);
}

static void
say_found(void *arg, enum table table, const char *what)
{
	(void)arg;
	(void)fprintf(stderr, "%s: %s\n", table_name(table), what);
}

static void
check_whole(void)
{
	const struct verify how = {.found = say_found};
	struct verify_result result;
	struct txn t;

	must(txn_begin(&t, &harness.env, TXN_READ) == 0);
	must(verify_store(&t, &how, &result) == 0);
	txn_abort(&t);
	must(result.broken == 0);
}

/* The open turns in memory are those in the store. */
static void
check_open_turns(void)
{
	const struct key all = {0};
	struct walk w;
	struct txn t;
	size_t n = 0;
	int rc;

	must(txn_begin(&t, &harness.env, TXN_READ) == 0);
	must(walk_open(&w, &t, TABLE_OPEN_TURNS, &all) == 0);
	for (rc = walk_from(&w, &all); rc == 0; rc = walk_next(&w), n++) {
		struct id id = key_front(w.key);
		struct msg_open_turn_record record;
		const struct open_turn *open = open_turns_find(&harness.open, &id);

		must(record_decode(w.value, MSG_OPEN_TURN_RECORD, &record) == WIRE_OK);
		must(open != NULL && id_equal(&open->conversation, &record.conversation));
	}
	must(rc == MDB_NOTFOUND && n == harness.open.n);
	walk_close(&w);
	txn_abort(&t);
}

/* Only open turns are followed, and not by their own client. */
static void
check_followings(void)
{
	size_t n = 0;

	for (unsigned i = 0; i < HARNESS_CLIENTS; i++) {
		const struct client *client = &harness.clients[i].client;
		const struct following *following;

		LIST_FOREACH (following, &client->follows[TOPIC_TURNS].list, of_client) {
			const struct open_turn *open =
			    open_turns_find(&harness.open, &following->topic->id);

			must(open != NULL && open->owner != client);
			must(live_follows(&harness.live, client, &open->id));
			n++;
		}
	}
	must(n == harness.live.turns.n);
}

/* Visitors that are followed can write, unless their widget refuses the message. */
static void
check_rooms(void)
{
	struct txn t;
	size_t n = 0;

	must(txn_begin(&t, &harness.env, TXN_READ) == 0);
	for (unsigned i = 0; i < HARNESS_CLIENTS; i++) {
		const struct client *client = &harness.clients[i].client;
		const struct following *following;

		LIST_FOREACH (following, &client->follows[TOPIC_VISITORS].list, of_client) {
			struct msg_visitor_record visitor;
			struct msg_widget_record widget;

			must(visitor_by_id(&t, &following->topic->id, &visitor) == 0);
			must(visitor_find(&t, &visitor.token, &visitor, &widget) == 0);
			must(id_equal(&following->topic->widget, &widget.id));
			n++;
		}
	}
	must(n == harness.live.rooms.n);
	txn_abort(&t);
}

static void
check_memory(void)
{
	check_open_turns();
	check_followings();
	check_rooms();
}

static void
client_goes(struct harness_client *c)
{
	live_forget(&harness.live, &c->client);
	open_turns_lose(&harness.open, &c->client.turns);
	buf_clear(&c->out);
}

/* Lost turns with a requested stop are dropped when they are exchanged. */
static void
forget_lost_turns(void)
{
	while (!TAILQ_EMPTY(&harness.open.lost)) {
		struct id id = TAILQ_FIRST(&harness.open.lost)->id;

		open_turns_release(&harness.open, &id);
		live_end(&harness.live, &id);
	}
	must(harness.open.n == 0 && harness.live.turns.n == 0 && harness.live.rooms.n == 0);
}

/* The environment stays open. */
void
harness_close(void)
{
	harness_commit();
	check_whole();
	check_memory();
	for (unsigned i = 0; i < HARNESS_CLIENTS; i++)
		client_goes(&harness.clients[i]);
	open_turns_lose(&harness.open, &harness.open.found);
	TAILQ_CONCAT(&harness.open.lost, &harness.open.stuck, order);
	forget_lost_turns();
}

/* Resets an open environment to its initial content: much faster than a new one. */
static void
empty_tables(void)
{
	struct key backup = key_meta(META_LAST_BACKUP);
	struct txn t;

	must(txn_begin(&t, &harness.env, TXN_WRITE) == 0);
	must(txn_del(&t, TABLE_META, &backup) == 0);
	for (enum table i = 0; i < TABLES; i++)
		if (i != TABLE_META)
			must(mdb_drop(t.mdb, harness.env.dbi[i], 0) == 0);
	must(organization_make_default(&t) == 0);
	must(txn_commit(&t) == 0);
}

/* How full a small store is depends on its whole history, so it is always a new one. */
void
harness_open(bool small)
{
	if (harness.dir[0] == '\0')
		start();
	if (harness.env.mdb != NULL && !small && !harness.small) {
		empty_tables();
	} else {
		env_close(&harness.env);
		remove_files();
	}
	harness.small = small;
	harness.max_bytes = small ? SMALL_BYTES : STORE_BYTES;
	harness.cursor_len = 0;
	harness.restarts = 0;
	serve();
}

void
harness_restart(void)
{
	if (harness.restarts++ >= RESTARTS_MAX)
		return;
	harness_close();
	env_close(&harness.env);
	serve();
}

void
harness_send(unsigned client, enum msg_type type, const void *msg)
{
	struct harness_client *c = &harness.clients[client];
	struct buf *b;
	struct frame f;
	size_t size;

	/* If this client may not send the message, sends it as one that may. */
	if (!(msg_desc((uint16_t)type)->from & c->role))
		c = &harness.clients[c->role == ROLE_TOOL ? 0 : HARNESS_CLIENTS - 1];
	if (!batch_is_open(&harness.batch))
		harness_commit();
	b = &harness.frames[harness.n++];
	buf_init(b, WIRE_FRAME_MAX);
	must(msg_encode(b, type, ++harness.requests, msg) == 0);
	must(wire_frame(buf_slice(b), &f, &size) == WIRE_OK);
	must(msg_decode(&f, c->role, ROLE_STORE, WHEN_READY, batch_slot(&harness.batch)) ==
	    WIRE_OK);
	/* These get no reply. */
	if (type != MSG_LIVE_PUBLISH && type != MSG_LIVE_UNSAVED)
		c->asked[c->n++] = harness.requests;
	batch_add(&harness.batch, &c->client, &f);
}

static void
keep_cursor(const struct msg_conversation_page *page)
{
	must(page->next.len <= sizeof(harness.cursor));
	harness.cursor_len = page->next.len;
	if (page->next.len > 0)
		memcpy(harness.cursor, page->next.p, page->next.len);
}

struct slice
harness_cursor(void)
{
	return (struct slice){harness.cursor, harness.cursor_len};
}

/* Whether this message is a notification, not a reply. */
static bool
is_told(uint16_t type)
{
	return type == MSG_LIVE_WANTED || type == MSG_LIVE_UNWANTED || type == MSG_LIVE_STOP ||
	    type == MSG_LIVE_TEXT || type == MSG_LIVE_END || type == MSG_LIVE_UNSAVED ||
	    type == MSG_LIVE_TURN || type == MSG_LIVE_CONTACT || type == MSG_LIVE_VISITOR_END;
}

static void
take_frame(struct harness_client *c, uint64_t request)
{
	struct frame f;
	union msg m;
	size_t size;

	must(wire_frame(buf_slice(&c->out), &f, &size) == WIRE_OK);
	must(f.request == request && is_told(f.type) == (request == 0));
	must(msg_decode(&f, ROLE_STORE, c->role, WHEN_READY, &m) == WIRE_OK);
	if (f.type == MSG_CONVERSATION_PAGE)
		keep_cursor(&m.conversation_page);
	buf_consume(&c->out, size);
}

/* Reads a client's replies: one for each request, in order; notifications come after them, or
 * before them from the previous batch. */
static void
take_answers(struct harness_client *c)
{
	struct frame f;
	size_t size, i = 0;

	while (wire_frame(buf_slice(&c->out), &f, &size) == WIRE_OK) {
		if (is_told(f.type)) {
			take_frame(c, 0);
		} else {
			must(i < c->n);
			take_frame(c, c->asked[i++]);
		}
	}
	must(i == c->n && buf_len(&c->out) == 0);
	c->n = 0;
}

void
harness_commit(void)
{
	must(batch_end(&harness.batch) == 0);
	while (harness.n > 0)
		buf_clear(&harness.frames[--harness.n]);
	for (unsigned i = 0; i < HARNESS_CLIENTS; i++) {
		if (harness.clients[i].client.fault != NULL)
			harness_disconnect(i);
		else
			take_answers(&harness.clients[i]);
	}
}

void
harness_disconnect(unsigned client)
{
	struct harness_client *c = &harness.clients[client];

	if (harness.n > 0)
		harness_commit();
	client_goes(c);
	client_open(client);
}

void
harness_interrupt(void)
{
	harness_commit();
	(void)interrupt_lost(&harness.env, &harness.live);
}

void
harness_end_claim_time(void)
{
	harness_commit();
	open_turns_lose(&harness.open, &harness.open.found);
}

void
harness_probe(void)
{
	harness_commit();
	env_probe(&harness.env);
}

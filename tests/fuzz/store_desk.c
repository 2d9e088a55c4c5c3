/*
 * The store behind the desk. Its batch is always empty while the store itself does something.
 */
#include "tests/fuzz/store_desk.h"

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

/* Unsent answers over which a client is too far behind, and goes. */
#define OUT_MAX ((size_t)8 << 20)

#define STORE_BYTES ((uint64_t)64 << 20)
#define SMALL_BYTES ((uint64_t)128 << 10)

/* What one input may cost. */
#define RESTARTS_MAX 8

struct desk_client {
	struct client client;
	struct buf out;
	enum role role;
	uint64_t asked[BATCH_REQUESTS]; /* in this batch */
	size_t n;
};

static struct desk {
	char dir[64];
	bool small;
	uint64_t max_bytes;
	struct env env;
	struct open_turns open;
	struct live live;
	struct batch batch;
	struct desk_client clients[DESK_CLIENTS];
	struct buf frames[BATCH_REQUESTS]; /* what the messages of the batch lie in */
	size_t n;
	uint64_t requests;
	uint8_t cursor[ACTIVITY_CURSOR_LEN];
	size_t cursor_len;
	unsigned restarts;
} desk;

/* -- its files --------------------------------------------------------------------------- */

static void
remove_files(void)
{
	static const char *const names[] = {"data.mdb", "lock.mdb"};
	char path[96];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", desk.dir, names[i]);
		(void)unlink(path);
	}
}

static void
remove_dir(void)
{
	remove_files();
	(void)rmdir(desk.dir);
}

/* Once for a process. The batch and the hash of open turns are empty between two stores, and too
 * large to be made anew each time. */
static void
start(void)
{
	const char *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	(void)snprintf(desk.dir, sizeof(desk.dir), "%s/banter-fuzz-XXXXXX", memory);
	must(mkdtemp(desk.dir) != NULL);
	must(atexit(remove_dir) == 0);
	/* Requests are refused by the thousand, and a full store is no news. */
	log_open("fuzz", (enum log_level)0);
	open_turns_init(&desk.open);
	live_init(&desk.live, &desk.open);
	batch_init(&desk.batch, &desk.env, &desk.live, &store_handlers);
}

/* -- opening and closing ----------------------------------------------------------------- */

static void
client_open(unsigned n)
{
	struct desk_client *c = &desk.clients[n];

	c->role = n == DESK_CLIENTS - 1 ? ROLE_TOOL : ROLE_WORKER;
	c->n = 0;
	buf_init(&c->out, OUT_MAX);
	client_init(&c->client, &c->out);
}

static void
serve(void)
{
	if (desk.env.mdb == NULL) {
		must(env_open(&desk.env, desk.dir, desk.max_bytes, organization_make_default) ==
		    0);
		must(mdb_env_set_flags(desk.env.mdb, MDB_NOSYNC, 1) == 0);
	}
	for (unsigned i = 0; i < DESK_CLIENTS; i++)
		client_open(i);
	must(open_turns_load(&desk.open, &desk.env) == 0);
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

	must(txn_begin(&t, &desk.env, TXN_READ) == 0);
	must(verify_store(&t, &how, &result) == 0);
	txn_abort(&t);
	must(result.broken == 0);
}

/* The turns that are open in memory are those that are open in the store. */
static void
check_open_turns(void)
{
	const struct key all = {0};
	struct walk w;
	struct txn t;
	size_t n = 0;
	int rc;

	must(txn_begin(&t, &desk.env, TXN_READ) == 0);
	must(walk_open(&w, &t, TABLE_OPEN_TURNS, &all) == 0);
	for (rc = walk_from(&w, &all); rc == 0; rc = walk_next(&w), n++) {
		struct id id = key_front(w.key);
		struct msg_open_turn_record record;
		const struct open_turn *open = open_turns_find(&desk.open, &id);

		must(record_decode(w.value, MSG_OPEN_TURN_RECORD, &record) == WIRE_OK);
		must(open != NULL && id_equal(&open->conversation, &record.conversation));
	}
	must(rc == MDB_NOTFOUND && n == desk.open.n);
	walk_close(&w);
	txn_abort(&t);
}

/* Nobody follows what is not open, or what it runs itself. */
static void
check_followings(void)
{
	size_t n = 0;

	for (unsigned i = 0; i < DESK_CLIENTS; i++) {
		const struct client *client = &desk.clients[i].client;
		const struct following *following;

		LIST_FOREACH (following, &client->follows[TOPIC_TURNS].list, of_client) {
			const struct open_turn *open =
			    open_turns_find(&desk.open, &following->topic->id);

			must(open != NULL && open->owner != client);
			must(live_follows(&desk.live, client, &open->id));
			n++;
		}
	}
	must(n == desk.live.turns.n);
}

/* Whoever is followed may write, but for its widget's wishes. */
static void
check_rooms(void)
{
	struct txn t;
	size_t n = 0;

	must(txn_begin(&t, &desk.env, TXN_READ) == 0);
	for (unsigned i = 0; i < DESK_CLIENTS; i++) {
		const struct client *client = &desk.clients[i].client;
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
	must(n == desk.live.rooms.n);
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
client_goes(struct desk_client *c)
{
	live_forget(&desk.live, &c->client);
	open_turns_lose(&desk.open, &c->client.turns);
	buf_clear(&c->out);
}

/* Turns that somebody wanted stopped are forgotten by the exchange with them. */
static void
forget_lost_turns(void)
{
	while (!TAILQ_EMPTY(&desk.open.lost)) {
		struct id id = TAILQ_FIRST(&desk.open.lost)->id;

		open_turns_release(&desk.open, &id);
		live_end(&desk.live, &id);
	}
	must(desk.open.n == 0 && desk.live.turns.n == 0 && desk.live.rooms.n == 0);
}

/* The environment stays open. */
void
desk_close(void)
{
	desk_commit();
	check_whole();
	check_memory();
	for (unsigned i = 0; i < DESK_CLIENTS; i++)
		client_goes(&desk.clients[i]);
	open_turns_lose(&desk.open, &desk.open.found);
	TAILQ_CONCAT(&desk.open.lost, &desk.open.stuck, order);
	forget_lost_turns();
}

/* Leaves nothing in an open environment but what is in it from the first: much faster than a new one. */
static void
empty_tables(void)
{
	struct key backup = key_meta(META_LAST_BACKUP);
	struct txn t;

	must(txn_begin(&t, &desk.env, TXN_WRITE) == 0);
	must(txn_del(&t, TABLE_META, &backup) == 0);
	for (enum table i = 0; i < TABLES; i++)
		if (i != TABLE_META)
			must(mdb_drop(t.mdb, desk.env.dbi[i], 0) == 0);
	must(organization_make_default(&t) == 0);
	must(txn_commit(&t) == 0);
}

/* How full a small store is depends on all that was ever in it: it is always a new one. */
void
desk_open(bool small)
{
	if (desk.dir[0] == '\0')
		start();
	if (desk.env.mdb != NULL && !small && !desk.small) {
		empty_tables();
	} else {
		env_close(&desk.env);
		remove_files();
	}
	desk.small = small;
	desk.max_bytes = small ? SMALL_BYTES : STORE_BYTES;
	desk.cursor_len = 0;
	desk.restarts = 0;
	serve();
}

void
desk_restart(void)
{
	desk_close();
	env_close(&desk.env);
	serve();
}

void
desk_restart_some(struct slice *in)
{
	(void)in;
	if (desk.restarts == RESTARTS_MAX)
		return;
	desk.restarts++;
	desk_restart();
}

/* -- requests and answers ---------------------------------------------------------------- */

void
desk_ask(unsigned client, enum msg_type type, const void *msg)
{
	struct desk_client *c = &desk.clients[client];
	struct buf *b;
	struct frame f;
	size_t size;

	/* Who may not ask this leaves it to one who may. */
	if (!(msg_desc((uint16_t)type)->from & c->role))
		c = &desk.clients[c->role == ROLE_TOOL ? 0 : DESK_CLIENTS - 1];
	if (!batch_is_open(&desk.batch))
		desk_commit();
	b = &desk.frames[desk.n++];
	buf_init(b, WIRE_FRAME_MAX);
	must(msg_encode(b, type, ++desk.requests, msg) == 0);
	must(wire_frame(buf_slice(b), &f, &size) == WIRE_OK);
	must(msg_decode(&f, c->role, ROLE_STORE, WHEN_READY, batch_slot(&desk.batch)) ==
	    WIRE_OK);
	/* Those are answered by nothing. */
	if (type != MSG_LIVE_PUBLISH && type != MSG_LIVE_UNSAVED)
		c->asked[c->n++] = desk.requests;
	batch_add(&desk.batch, &c->client, &f);
}

static void
keep_cursor(const struct msg_conversation_page *page)
{
	must(page->next.len <= sizeof(desk.cursor));
	desk.cursor_len = page->next.len;
	if (page->next.len > 0)
		memcpy(desk.cursor, page->next.p, page->next.len);
}

struct slice
desk_cursor(void)
{
	return (struct slice){desk.cursor, desk.cursor_len};
}

/* Whether this is said to who did not ask. */
static bool
is_told(uint16_t type)
{
	return type == MSG_LIVE_WANTED || type == MSG_LIVE_UNWANTED || type == MSG_LIVE_STOP ||
	    type == MSG_LIVE_TEXT || type == MSG_LIVE_END || type == MSG_LIVE_UNSAVED ||
	    type == MSG_LIVE_TURN || type == MSG_LIVE_CONTACT || type == MSG_LIVE_VISITOR_END;
}

static void
take_frame(struct desk_client *c, uint64_t request)
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

/* Takes a client's answers: one for each request, in their order; and what it is told behind them,
 * or before them since the batch before. */
static void
take_answers(struct desk_client *c)
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
desk_commit(void)
{
	must(batch_end(&desk.batch) == 0);
	while (desk.n > 0)
		buf_clear(&desk.frames[--desk.n]);
	for (unsigned i = 0; i < DESK_CLIENTS; i++) {
		if (desk.clients[i].client.fault != NULL)
			desk_lose(i);
		else
			take_answers(&desk.clients[i]);
	}
}

void
desk_lose(unsigned client)
{
	struct desk_client *c = &desk.clients[client];

	if (desk.n > 0)
		desk_commit();
	client_goes(c);
	client_open(client);
}

/* -- by itself --------------------------------------------------------------------------- */

void
desk_interrupt(void)
{
	desk_commit();
	(void)interrupt_lost(&desk.env, &desk.live);
}

void
desk_claim_over(void)
{
	desk_commit();
	open_turns_lose(&desk.open, &desk.open.found);
}

void
desk_probe(void)
{
	desk_commit();
	env_probe(&desk.env);
}

/* -- inputs ------------------------------------------------------------------------------- */

/* Instructions that an input may have. */
#define INSTRUCTIONS_MAX 250

static const struct desk_instruction *
instruction_of(uint8_t letter, const struct desk_instruction *table, size_t n)
{
	must(n > 1);
	for (size_t i = 0; i < n; i++)
		if (table[i].letter == (char)letter)
			return &table[i];
	return &table[letter % (n - 1)];
}

void
desk_run(struct slice in, const struct desk_instruction *table, size_t n)
{
	unsigned run = 0;

	while (in.len > 0 && run < INSTRUCTIONS_MAX) {
		uint8_t letter = fuzz_byte(&in);

		if (letter == ' ' || letter == '\n')
			continue;
		instruction_of(letter, table, n)->run(&in);
		run++;
	}
}

struct slice
desk_record(struct buf *b, enum msg_type type, const void *record)
{
	buf_init(b, RECORD_MAX);
	must(record_encode(b, type, record) == 0);
	return buf_slice(b);
}

/*
 * The store under test: the fixture of the unit tests, of which the batch and the hash of open turns are kept
 * from one input to the next. Its batch is always empty when the store's own work runs.
 */
#include "tests/fuzz/store_harness.h"

#include "storaged/content/content_garbage.h"
#include "storaged/records/widgets.h"
#include "storaged/visitors/visitors.h"
#include "tests/unit/storaged/store_fixture.h"

/* Bytes of a store that is soon full. */
#define SMALL_BYTES (128u << 10)

/* Limit of restarts in one input. */
#define RESTARTS_MAX 8

static struct fixture f;
static struct asker *const clients[HARNESS_CLIENTS] = {
    &f.a, &f.b, &f.tool, &f.crawld, &f.searchd};
static uint64_t asked[HARNESS_CLIENTS]
		     [BATCH_REQUESTS]; /* requests of this batch with a reply */
static size_t asked_n[HARNESS_CLIENTS];
static bool is_small;
static unsigned restarts;
static uint8_t cursor[ACTIVITY_CURSOR_LEN];
static size_t cursor_len;

static void
remove_dir(void)
{
	remove_store(f.dir);
}

/* Once per process. */
static void
start(void)
{
	const char *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	(void)snprintf(f.dir, sizeof(f.dir), "%s/banter-fuzz-XXXXXX", memory);
	must(mkdtemp(f.dir) != NULL);
	must(atexit(remove_dir) == 0);
	/* Thousands of requests are refused, and a full store is expected. */
	log_open("fuzz", (enum log_level)0);
	buf_init(&f.kept, 2u * WIRE_FRAME_MAX);
	store_serve_init(&f);
}

static void
client_open(unsigned n)
{
	asker_init(clients[n]);
	asked_n[n] = 0;
	f.tool.role = ROLE_TOOL;
	f.crawld.role = ROLE_CRAWL;
	f.searchd.role = ROLE_SEARCH;
}

static void
serve(void)
{
	if (f.env.mdb == NULL)
		store_open_env(&f, is_small ? SMALL_BYTES : STORE_BYTES);
	for (unsigned i = 0; i < HARNESS_CLIENTS; i++)
		client_open(i);
	must(open_turns_load(&f.open, &f.env) == 0);
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

	must(txn_begin(&t, &f.env, TXN_READ) == 0);
	must(walk_open(&w, &t, TABLE_OPEN_TURNS, &all) == 0);
	for (rc = walk_from(&w, &all); rc == 0; rc = walk_next(&w), n++) {
		struct id id = key_front(w.key);
		struct msg_open_turn_record record;
		const struct open_turn *open = open_turns_find(&f.open, &id);

		must(record_decode(w.value, MSG_OPEN_TURN_RECORD, &record) == WIRE_OK);
		must(open != NULL && id_equal(&open->conversation, &record.conversation));
	}
	must(rc == MDB_NOTFOUND && n == f.open.n);
	walk_close(&w);
	txn_abort(&t);
}

/* Only open turns are followed, and not by their own client. */
static void
check_followings(void)
{
	size_t n = 0;

	for (unsigned i = 0; i < HARNESS_CLIENTS; i++) {
		const struct client *client = &clients[i]->client;
		const struct following *following;

		LIST_FOREACH (following, &client->follows[TOPIC_TURNS].list, of_client) {
			const struct open_turn *open =
			    open_turns_find(&f.open, &following->topic->id);

			must(open != NULL && open->owner != client);
			must(live_follows(&f.live, client, &open->id));
			n++;
		}
	}
	must(n == f.live.turns.n);
}

/* Visitors that are followed, all of whom are stored here, can write, unless their widget refuses the message. */
static void
check_rooms(void)
{
	struct txn t;
	size_t n = 0;

	must(txn_begin(&t, &f.env, TXN_READ) == 0);
	for (unsigned i = 0; i < HARNESS_CLIENTS; i++) {
		const struct client *client = &clients[i]->client;
		const struct following *following;

		LIST_FOREACH (following, &client->follows[TOPIC_ROOMS].list, of_client) {
			struct msg_visitor_record visitor;
			struct msg_widget_record widget;

			n++;
			if (id_is_zero(&following->topic->widget))
				continue; /* the room of a conversation */
			must(visitor_by_id(&t, &following->topic->id, &visitor) == 0);
			must(visitor_find(&t, &(struct visitor_claim){.token = visitor.token},
				 &visitor, &widget) == 0);
			must(id_equal(&following->topic->widget, &widget.id));
		}
	}
	must(n == f.live.rooms.n);
	txn_abort(&t);
}

static void
disconnect(struct asker *client)
{
	client_goes(&f, client);
	buf_clear(&client->out);
}

/* Lost turns with a requested stop are dropped when they are exchanged. */
static void
forget_lost_turns(void)
{
	while (!TAILQ_EMPTY(&f.open.lost)) {
		struct id id = TAILQ_FIRST(&f.open.lost)->id;

		open_turns_release(&f.open, &id);
		live_end(&f.live, &id);
	}
	must(f.open.n == 0 && f.live.turns.n == 0 && f.live.rooms.n == 0);
}

/* The environment stays open. */
void
harness_close(void)
{
	harness_commit();
	expect_whole(&f.env);
	check_open_turns();
	check_followings();
	check_rooms();
	for (unsigned i = 0; i < HARNESS_CLIENTS; i++)
		disconnect(clients[i]);
	open_turns_lose(&f.open, &f.open.found);
	TAILQ_CONCAT(&f.open.lost, &f.open.stuck, order);
	forget_lost_turns();
}

/* Resets an open environment to its initial content: much faster than a new one. */
static void
empty_tables(void)
{
	struct key backup = key_meta(META_LAST_BACKUP), failed = key_meta(META_BACKUP_FAILED);
	struct txn t;

	must(txn_begin(&t, &f.env, TXN_WRITE) == 0);
	must(txn_del(&t, TABLE_META, &backup) == 0);
	must(txn_del(&t, TABLE_META, &failed) == 0);
	for (enum table i = 0; i < TABLES; i++)
		if (i != TABLE_META)
			must(mdb_drop(t.mdb, f.env.dbi[i], 0) == 0);
	must(organization_make_default(&t) == 0);
	must(txn_commit(&t) == 0);
}

/* How full a small store is depends on its whole history, so it is always a new one. */
void
harness_open(bool small)
{
	if (f.dir[0] == '\0')
		start();
	if (f.env.mdb != NULL && !small && !is_small) {
		empty_tables();
	} else {
		env_close(&f.env);
		(void)unlink(path_in(f.dir, "data.mdb"));
		(void)unlink(path_in(f.dir, "lock.mdb"));
	}
	is_small = small;
	cursor_len = 0;
	restarts = 0;
	serve();
}

void
harness_restart(void)
{
	if (restarts++ >= RESTARTS_MAX)
		return;
	harness_close();
	env_close(&f.env);
	serve();
}

void
harness_send(unsigned client, enum msg_type type, const void *msg)
{
	uint64_t request;

	/* If this client may not send the message, sends it as one that may. */
	for (unsigned i = 0; !(msg_desc((uint16_t)type)->from & clients[client]->role); i++)
		client = i;
	if (!batch_is_open(&f.batch))
		harness_commit();
	request = send_request(&f, clients[client], type, msg);
	/* These get no reply. */
	if (type != MSG_LIVE_PUBLISH && type != MSG_LIVE_UNSAVED)
		asked[client][asked_n[client]++] = request;
}

static void
keep_cursor(const struct msg_conversation_page *page)
{
	must(page->next.len <= sizeof(cursor));
	cursor_len = page->next.len;
	if (page->next.len > 0)
		memcpy(cursor, page->next.p, page->next.len);
}

struct slice
harness_cursor(void)
{
	return (struct slice){cursor, cursor_len};
}

/* Whether this message is a notification, not a reply. */
static bool
is_told(uint16_t type)
{
	return type == MSG_LIVE_WANTED || type == MSG_LIVE_UNWANTED || type == MSG_LIVE_STOP ||
	    type == MSG_LIVE_TEXT || type == MSG_LIVE_END || type == MSG_LIVE_UNSAVED ||
	    type == MSG_LIVE_TURN || type == MSG_LIVE_CONTACT || type == MSG_LIVE_ROOM_END ||
	    type == MSG_LIVE_CHANGED || type == MSG_LIVE_TYPING || type == MSG_LIVE_PRESENCE ||
	    type == MSG_LIVE_CHANGES || type == MSG_LIVE_WEBHOOKS ||
	    type == MSG_LIVE_EMBEDDING || type == MSG_LIVE_SOURCES;
}

/* Reads a client's replies: one for each request, in order; notifications come after them, or
 * before them from the previous batch. */
static void
take_answers(unsigned client)
{
	struct buf *out = &clients[client]->out;
	struct frame frame;
	size_t size, i = 0;
	union msg m;

	while (wire_frame(buf_slice(out), &frame, &size) == WIRE_OK) {
		bool told = is_told(frame.type);

		must(told || i < asked_n[client]);
		if (take_answer(&f, clients[client], told ? 0 : asked[client][i++], &m) ==
		    MSG_CONVERSATION_PAGE)
			keep_cursor(&m.conversation_page);
	}
	must(i == asked_n[client] && buf_len(out) == 0);
	asked_n[client] = 0;
}

void
harness_commit(void)
{
	commit(&f);
	for (unsigned i = 0; i < HARNESS_CLIENTS; i++) {
		if (clients[i]->client.fault != NULL)
			harness_disconnect(i);
		else
			take_answers(i);
	}
}

void
harness_disconnect(unsigned client)
{
	if (f.batch.n > 0)
		harness_commit();
	disconnect(clients[client]);
	client_open(client);
}

void
harness_collect_content(void)
{
	harness_commit();
	content_garbage_start(&f.env);
	while (content_garbage_step(&f.env))
		;
}

void
harness_interrupt(void)
{
	harness_commit();
	(void)interrupt_lost(&f.env, &f.live);
}

void
harness_end_claim_time(void)
{
	harness_commit();
	open_turns_lose(&f.open, &f.open.found);
}

void
harness_probe(void)
{
	harness_commit();
	env_probe(&f.env);
}

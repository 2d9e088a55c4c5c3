/*
 * Shared by the tests of the store: a real LMDB environment in a temporary directory, and clients
 * that send encoded frames to a batch, as peers do, but without sockets.
 */
#ifndef TESTS_UNIT_STORAGED_STORE_FIXTURE_H
#define TESTS_UNIT_STORAGED_STORE_FIXTURE_H

#include <fcntl.h>

#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "storaged/conversations/label_recount.h"
#include "storaged/conversations/labels.h"
#include "storaged/engine/env_probe.h"
#include "storaged/engine/garbage.h"
#include "storaged/inbox/takeover.h"
#include "storaged/numbers/numbers_recount.h"
#include "storaged/open/env_open.h"
#include "storaged/records/organization_create.h"
#include "storaged/request/store_time.h"
#include "storaged/server/handlers.h"
#include "storaged/turns/interrupt.h"
#include "storaged/verify/verify.h"
#include "tests/unit/unit.h"

#define STORE_BYTES (64u * 1024 * 1024)
#define PAGE_SIZE   4096

/* A client with the frames that it sent in this batch, and its answers. */
struct asker {
	enum role role; /* a worker, except for tool, searchd, crawld, maild and mediad */
	struct client client;
	struct buf out;
	struct buf frames[BATCH_REQUESTS];
	size_t n;
};

struct fixture {
	char dir[64];
	struct env env;
	struct open_turns open;
	struct live live;
	struct batch batch;
	union {
		struct {
			struct asker a, b, c, tool, searchd, crawld, maild, mediad;
		};
		struct asker askers[8];
	};
	struct env_log
	    *log; /* the commit log of the environment, also after a restart; NULL: none */
	uint64_t requests; /* request ids given out */
	struct buf kept;   /* the bytes of the last answer */
	bool damaged;      /* by the test: the store may be broken at its end */
};

static inline void
asker_init(struct asker *asker)
{
	asker->n = 0;
	asker->role = ROLE_WORKER;
	buf_init(&asker->out, 64u * WIRE_FRAME_MAX);
	client_init(&asker->client, &asker->out);
}

static inline void
forget_frames(struct fixture *f)
{
	for (size_t i = 0; i < ARRAY_LEN(f->askers); i++)
		while (f->askers[i].n > 0)
			buf_clear(&f->askers[i].frames[--f->askers[i].n]);
}

static inline void
store_serve_init(struct fixture *f)
{
	open_turns_init(&f->open);
	live_init(&f->live, &f->open);
	batch_init(&f->batch, &f->env, &f->live, &store_handlers);
}

/* Starts everything but the environment, which is open. */
static inline void
store_serve(struct fixture *f)
{
	store_serve_init(f);
	for (size_t i = 0; i < ARRAY_LEN(f->askers); i++)
		asker_init(&f->askers[i]);
	f->tool.role = ROLE_TOOL;
	f->searchd.role = ROLE_SEARCH;
	f->crawld.role = ROLE_CRAWL;
	f->maild.role = ROLE_MAIL;
	f->mediad.role = ROLE_MEDIA;
	numbers_start(&f->env);
	assert_int_equal(store_time_load(&f->env), 0);
	assert_int_equal(open_turns_load(&f->open, &f->env), 0);
	assert_int_equal(takeover_stop_found(&f->env, &f->live), 0);
}

static inline void
store_open_env(struct fixture *f, uint64_t max_bytes)
{
	assert_int_equal(env_open(&f->env, f->dir, max_bytes, organization_make_default), 0);
	f->env.log = f->log;
	if (f->log != NULL)
		assert_int_equal(env_keep_reserve(&f->env), 0);
	f->env.operator_timeout_ms = 600000;
	f->env.confirm_expires_ms = 3600000;
	f->env.approve_expires_ms = 259200000;
	f->env.mail_retry_ms = 60000;
	f->env.mail_unseen_ms = 180000;
	f->env.away_after_ms = 600000;
	/* The tests kill no machine, and should not wait for the disk. */
	assert_int_equal(mdb_env_set_flags(f->env.mdb, MDB_NOSYNC, 1), 0);
}

static inline void
store_open(struct fixture *f, uint64_t max_bytes)
{
	store_open_env(f, max_bytes);
	store_serve(f);
}

static inline void
print_found(void *arg, enum table table, const char *what)
{
	(void)arg;
	print_error("%s: %s\n", table_name(table), what);
}

/* Every invariant of the store holds, and every entry was checked. */
static inline void
expect_whole(struct env *env)
{
	const struct verify how = {.found = print_found};
	struct verify_result result;
	size_t entries = 0, n;
	struct txn t;

	assert_int_equal(txn_begin(&t, env, TXN_READ), 0);
	assert_int_equal(verify_store(&t, &how, &result), 0);
	for (enum table i = 0; i < TABLES; i++) {
		assert_int_equal(txn_count(&t, i, &n), 0);
		entries += n;
	}
	txn_abort(&t);
	assert_int_equal(result.broken, 0);
	assert_int_equal(result.entries, entries);
}

/* A client disconnects: its turns are lost, and it follows nothing. Returns the number of its
 * turns. */
static inline size_t
client_goes(struct fixture *f, struct asker *asker)
{
	live_forget(&f->live, &asker->client);
	return open_turns_lose(&f->open, &asker->client.turns);
}

static inline void
store_close(struct fixture *f)
{
	if (f->env.mdb != NULL && !f->damaged)
		expect_whole(&f->env);
	for (size_t i = 0; i < ARRAY_LEN(f->askers); i++) {
		client_goes(f, &f->askers[i]);
		buf_clear(&f->askers[i].out);
	}
	forget_frames(f);
	batch_clear(&f->batch);
	live_clear(&f->live);
	open_turns_clear(&f->open);
	env_close(&f->env);
}

/* As after a kill and a restart: only what is on disk is left. */
static inline void
store_restart(struct fixture *f, uint64_t max_bytes)
{
	store_close(f);
	store_open(f, max_bytes);
	label_recount_missing(&f->env);
}

/* The path of a file in a directory; valid for this and the next call. */
static inline const char *
path_in(const char *dir, const char *name)
{
	static char paths[2][160];
	static unsigned n;

	snprintf(paths[++n % 2], sizeof(paths[0]), "%s/%s", dir, name);
	return paths[n % 2];
}

static inline void
remove_store(const char *dir)
{
	static const char *const names[] = {"data.mdb", "lock.mdb", "storaged.lock", "s",
	    "data-schema1.mdb", "data-schema2.mdb", "data-schema3.mdb", "data-schema4.mdb",
	    "data-schema5.mdb", "data-schema6.mdb", "data-schema7.mdb", "data-schema8.mdb",
	    "data-schema9.mdb", "data-schema10.mdb", "data-schema11.mdb", "data-schema12.mdb",
	    "data-schema13.mdb", "data-schema14.mdb"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unlink(path_in(dir, names[i]));
	assert_int_equal(rmdir(dir), 0);
}

static inline void
make_dir(char *dir, size_t size)
{
	snprintf(dir, size, "/tmp/banter-store-XXXXXX");
	assert_non_null(mkdtemp(dir));
}

static inline int
fixture_setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	log_open("test", LOG_ERROR);
	make_dir(f->dir, sizeof(f->dir));
	buf_init(&f->kept, 2u * WIRE_FRAME_MAX);
	store_open(f, STORE_BYTES);
	*state = f;
	return 0;
}

static inline int
fixture_teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f);
	remove_store(f->dir);
	buf_clear(&f->kept);
	free(f);
	return 0;
}

/* A test with a store, which it gets as `f`. */
#define STORE_TEST(name) STORE_TEST_WITH(name, fixture_setup, fixture_teardown)

#define STORE_TEST_WITH(name, set_up, tear_down)  \
	static void name##_in(struct fixture *f); \
	TEST_WITH(name, set_up, tear_down)        \
	{                                         \
		name##_in(*state);                \
	}                                         \
	static void name##_in([[gnu::unused]] struct fixture *f)

/* Puts a request into the batch; returns its number. */
static inline uint64_t
send_request(struct fixture *f, struct asker *asker, enum msg_type type, const void *msg)
{
	struct buf *b = &asker->frames[asker->n++];
	struct frame frame;
	size_t size;

	assert_true(batch_is_open(&f->batch));
	buf_init(b, WIRE_FRAME_MAX);
	assert_int_equal(msg_encode(b, type, ++f->requests, msg), 0);
	assert_int_equal(wire_frame(buf_slice(b), &frame, &size), WIRE_OK);
	assert_int_equal(
	    msg_decode(&frame, asker->role, ROLE_STORE, WHEN_READY, batch_slot(&f->batch)),
	    WIRE_OK);
	batch_add(&f->batch, &asker->client, &frame);
	return f->requests;
}

static inline void
commit(struct fixture *f)
{
	assert_int_equal(batch_end(&f->batch), 0);
	forget_frames(f);
}

/* Takes the next answer, which must be the one to this request. Valid until the next call. */
static inline enum msg_type
take_answer(struct fixture *f, struct asker *asker, uint64_t request, union msg *m)
{
	struct frame frame;
	size_t size;

	buf_reset(&f->kept);
	assert_int_equal(wire_frame(buf_slice(&asker->out), &frame, &size), WIRE_OK);
	assert_int_equal(buf_append(&f->kept, buf_data(&asker->out), size), 0);
	buf_consume(&asker->out, size);
	assert_int_equal(wire_frame(buf_slice(&f->kept), &frame, &size), WIRE_OK);
	assert_int_equal(frame.request, request);
	assert_int_equal(msg_decode(&frame, ROLE_STORE, asker->role, WHEN_READY, m), WIRE_OK);
	return (enum msg_type)frame.type;
}

static inline void
expect_answer(
    struct fixture *f, struct asker *asker, uint64_t request, enum msg_type type, union msg *m)
{
	union msg unused;

	assert_string_equal(
	    msg_name((uint16_t)take_answer(f, asker, request, m == NULL ? &unused : m)),
	    msg_name((uint16_t)type));
}

/* Sends one request in its own batch and expects an answer of this type. */
static inline void
ask(struct fixture *f, enum msg_type type, const void *msg, enum msg_type answer, union msg *m)
{
	uint64_t request = send_request(f, &f->a, type, msg);

	commit(f);
	expect_answer(f, &f->a, request, answer, m);
}

static inline struct msg_turn_begin
begin_of(const char *session, const char *text)
{
	return (struct msg_turn_begin){
	    .org = id_default_org,
	    .widget = id_default_widget,
	    .session = slice_str(session),
	    .conversation = id_new(),
	    .message = id_new(),
	    .turn = id_new(),
	    .text = slice_str(text),
	    .history = 30,
	};
}

static inline struct msg_turn_finish
finish_of(const struct id *turn, const char *text)
{
	return (struct msg_turn_finish){.turn = *turn, .run = *turn, .text = slice_str(text)};
}

static inline struct msg_turn_checkpoint
piece_of(const struct id *turn, uint32_t offset, const char *text)
{
	return (struct msg_turn_checkpoint){
	    .turn = *turn, .run = *turn, .offset = offset, .text = slice_str(text)};
}

/* Removes what is left of erased conversations, as between batches. Returns the number of steps. */
static inline unsigned
sweep(struct fixture *f)
{
	enum garbage_result r;
	unsigned steps = 0;

	while ((r = garbage_step(&f->env)) == GARBAGE_MORE)
		steps++;
	assert_int_equal(r, GARBAGE_NONE);
	return steps;
}

/* A whole turn, with question and answer. Returns its conversation. */
static inline struct id
chat(struct fixture *f, const char *session, const char *question, const char *answer)
{
	struct msg_turn_begin begin = begin_of(session, question);
	struct msg_turn_finish finish = finish_of(&begin.turn, answer);
	struct id conversation;
	union msg m;

	ask(f, MSG_TURN_BEGIN, &begin, MSG_TURN_BEGUN, &m);
	conversation = m.turn_begun.conversation;
	ask(f, MSG_TURN_FINISH, &finish, MSG_OK, NULL);
	return conversation;
}

/* Decodes the n-th item of a list. Fails the test if there are fewer. */
static inline void
list_item(struct slice list, size_t n, enum msg_type type, void *record)
{
	struct slice item = {0};

	for (size_t i = 0; i <= n; i++)
		assert_true(wire_list_next(&list, &item));
	assert_int_equal(record_decode(item, type, record), WIRE_OK);
}

static inline size_t
list_len(struct slice list)
{
	struct slice item;
	size_t n = 0;

	while (wire_list_next(&list, &item))
		n++;
	return n;
}

static inline void
assert_text(struct slice got, const char *expected)
{
	if (!slice_eq_str(got, expected))
		fail_msg("\"%.*s\" is not \"%s\"", (int)got.len, got.p, expected);
}

/* Expects all messages of a conversation: `texts` in their order, statuses as one letter each
 * (complete, stopped, interrupted). */
static inline void
expect_messages(struct fixture *f, const struct id *conversation, const char *statuses,
    const char *const *texts)
{
	struct msg_message_list list = {.org = id_default_org, .conversation = *conversation};
	struct msg_message_record record;
	union msg m;

	ask(f, MSG_MESSAGE_LIST, &list, MSG_MESSAGE_PAGE, &m);
	assert_int_equal(list_len(m.message_page.messages), strlen(statuses));
	assert_int_equal(m.message_page.next, 0);
	for (size_t i = 0; statuses[i] != '\0'; i++) {
		list_item(m.message_page.messages, i, MSG_MESSAGE_RECORD, &record);
		assert_text(record.text, texts[i]);
		assert_int_equal("csi"[record.status], statuses[i]);
	}
}
#define EXPECT_MESSAGES(f, conversation, statuses, ...) \
	expect_messages(f, conversation, statuses, (const char *const[]){__VA_ARGS__})

/* The conversation's record from a list of messages. Its slices are valid as long as the answer. */
static inline struct msg_conversation_record
conversation_record(struct fixture *f, const struct id *conversation)
{
	struct msg_message_list list = {
	    .org = id_default_org, .conversation = *conversation, .limit = 1};
	struct msg_conversation_record record;
	union msg m;

	ask(f, MSG_MESSAGE_LIST, &list, MSG_MESSAGE_PAGE, &m);
	assert_int_equal(
	    record_decode(m.message_page.conversation, MSG_CONVERSATION_RECORD, &record),
	    WIRE_OK);
	return record;
}

static inline MDB_envinfo
store_info(struct fixture *f)
{
	MDB_envinfo info;

	assert_int_equal(mdb_env_info(f->env.mdb, &info), 0);
	return info;
}

static inline size_t
table_count(struct fixture *f, enum table table)
{
	struct txn t;
	size_t n;

	assert_int_equal(txn_begin(&t, &f->env, TXN_READ), 0);
	assert_int_equal(txn_count(&t, table, &n), 0);
	txn_abort(&t);
	return n;
}

/* The client disconnects, and all its turns are interrupted. */
static inline void
lose(struct fixture *f, struct asker *asker)
{
	client_goes(f, asker);
	while (interrupt_lost(&f->env, &f->live) == INTERRUPT_MORE)
		;
	assert_true(TAILQ_EMPTY(&f->open.lost));
}

/* The result of a lookup in a transaction of its own; the value is in the map until the next change. */
static inline int
get_entry(struct fixture *f, enum table table, const struct key *key, struct slice *value)
{
	struct txn t;
	int rc = txn_begin(&t, &f->env, TXN_READ);

	if (rc == 0)
		rc = txn_get(&t, table, key, value);
	if (rc == 0) { /* txn_get() lends a copy in a sanitized build */
		struct key copy = *key;
		MDB_val k = {copy.len, copy.b}, v;

		assert_int_equal(mdb_get(t.mdb, f->env.dbi[table], &k, &v), 0);
		value->p = v.mv_data;
	}
	txn_abort(&t);
	return rc;
}

/* Changes one entry in a transaction of its own. */
static inline void
put_entry(struct fixture *f, enum table table, struct key key, const char *value)
{
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put(&t, table, &key, slice_str(value)), 0);
	assert_int_equal(txn_commit(&t), 0);
}

static inline void
delete_entry(struct fixture *f, enum table table, struct key key)
{
	struct txn t;

	assert_int_equal(txn_begin(&t, &f->env, TXN_WRITE), 0);
	assert_int_equal(txn_del(&t, table, &key), 0);
	assert_int_equal(txn_commit(&t), 0);
}

/* Writes into the store's file; LMDB sees it at once. */
static inline void
overwrite_file(struct fixture *f, size_t at, const void *bytes, size_t n)
{
	int fd = open(path_in(f->dir, "data.mdb"), O_WRONLY | O_CLOEXEC);

	assert_int_not_equal(fd, -1);
	assert_int_equal(pwrite(fd, bytes, n, (off_t)at), n);
	closefd(&fd);
	f->damaged = true;
}

/* Where the page of a record begins in the file. */
static inline size_t
page_of_record(struct fixture *f, enum table table, const struct key *key)
{
	struct slice value;
	size_t page;

	assert_int_equal(get_entry(f, table, key, &value), 0);
	/* A page begins with its number. */
	memcpy(&page, value.p - (uintptr_t)value.p % PAGE_SIZE, sizeof(page));
	return page * PAGE_SIZE;
}

/* Overwrites the file's page of a record with zeros, as a power failure may do. */
static inline void
damage_page(struct fixture *f, enum table table, const struct key *key)
{
	static const uint8_t zeros[PAGE_SIZE];

	overwrite_file(f, page_of_record(f, table, key), zeros, sizeof(zeros));
}

/* Changes the first bit of a record in the file; its page is intact. */
static inline void
flip_bit(struct fixture *f, enum table table, const struct key *key)
{
	size_t page = page_of_record(f, table, key);
	struct slice value;
	uint8_t changed;
	size_t at;

	assert_int_equal(get_entry(f, table, key, &value), 0);
	at = page + (uintptr_t)value.p % PAGE_SIZE;
	changed = value.p[0] ^ 1;
	overwrite_file(f, at, &changed, sizeof(changed));
}

/* Returns when the clock of the records has advanced. */
static inline void
wait_for_next_ms(void)
{
	uint64_t now = clock_wall_ms();

	while (clock_wall_ms() <= now)
		usleep(100);
}

#endif

/*
 * The steps of scenarios about the store. A client (a, b or c: workers; tool: the banter command) sends
 * a request to a real store:
 *
 *	CLIENT MESSAGE FIELD=VALUE ... -> ANSWER FIELD=VALUE ...    without "->": there is no answer
 *	CLIENT MESSAGE FIELD=VALUE ... -> error CODE
 *	CLIENT MESSAGE -> forbidden           the client may not send it
 *	CLIENT <- MESSAGE FIELD=VALUE ...     the client's next notification
 *	CLIENT disconnects
 *	CLIENT hangs_up                       ... but its open turns are not interrupted yet
 *	CLIENT violates_protocol [FAULT]      ... and would be disconnected; otherwise no client does
 *	CLIENT queue BYTES                    limits what may wait to be sent to the client
 *	silent                                no client has received anything else
 *	batch ... commit                      the requests between them are one transaction; the
 *	                                      answers are compared after it
 *	batch_failed                          the open batch takes no more requests, and will run again
 *	no_transaction                        the open batch has begun none
 *	transactions [N]                      of the store since the last such step
 *	messages CONVERSATION STATUS TEXT ... all messages of a conversation of the default organization
 *	restart [BYTES]                       as after a kill; with another limit of the store's size
 *	fill_store                            until there is no room for another long message
 *	probe                                 looks whether the store can be written again
 *	end_claim_time                        interrupts the turns that nobody has claimed since the restart
 *	ids NAME ...                          makes ids, each greater than the one before
 *	next_ms                               waits until the clock of the records advances
 *	clock MS | +MS                        stops the clock at this time (ms since 1970), or this much later;
 *	                                      without a time it runs again
 *	collect_garbage [STEPS]               until nothing of erased conversations is left
 *	collect_garbage_step                  one step
 *	import_into_new_store                 ... everything that an export of the store contains; the new
 *	                                      one takes its place. Again: from the first into that one
 *	remember                              ... and later: the tables have the same contents as then
 *	unchanged
 *	count TABLE N | MIN..MAX              the number of entries
 *	row TABLE KEY {KIND FIELD=VALUE ...}  a record as it is stored
 *	no_row TABLE KEY
 *	put TABLE KEY {KIND FIELD=VALUE ...}  ... or "bytes": writes to the store directly
 *	set TABLE KEY FIELD=VALUE ...         changes fields of a record
 *	copy TABLE KEY KEY                    to the first key, from the second
 *	lead TABLE KEY KEY                    an index entry of the first key, for the record of the second
 *	delete TABLE KEY
 *	damage TABLE KEY                      replaces a record by bytes that do not decode
 *	damage_page TABLE KEY                 overwrites its page in the file with zeros
 *	reported LINE                         the next line that the verification of the store reports; it
 *	                                      runs at the first of these steps
 *	whole                                 the store passes verification, also at the end
 *	open_turns N                          replies that are being written
 *	followed N                            replies that somebody follows
 *	followed_visitors N
 *	pretend COUNTER N                     adds N, or -N, to a counter that has a limit: open_turns, followed,
 *	                                      followed_by_b, visitors_followed_by_b
 *
 * put, set, copy, lead, delete and damage leave a store that need not pass verification at the end of the
 * scenario. A KEY is made of parts with commas between: ids by their names (as text: text:NAME), numbers
 * (64 bits; u32:N has 32; ~N is the complement), hash:WORD, "text". At the end of a scenario no client may
 * have received anything that no step has named.
 */
#include "tests/unit/storaged/store_steps.h"

#include <string.h>

#include "tests/unit/scenario/message_text.h"
#include "tests/unit/storaged/store_contents.h"
#include "tests/unit/storaged/store_copy.h"
#include "tests/unit/storaged/store_report.h"

/* An answer that a step expects after the commit. The words are copied. */
struct expected {
	struct asker *asker;
	uint64_t request;
	struct words words;
};

struct world {
	struct fixture *f;
	struct values *values;
	struct contents remembered;
	bool remembers;
	struct fixture *exported; /* import_into_new_store */
	struct report report;
	char *reported; /* the lines that no step has named yet; NULL: no report */
	bool batch;     /* between "batch" and "commit" */
	struct expected expected[2 * BATCH_REQUESTS];
	size_t expected_n;
	size_t transactions; /* of the store, at the last step "transactions" */
};

static void *
set_up(void)
{
	struct world *w = xcalloc(1, sizeof(*w));
	void *f;

	fixture_setup(&f);
	w->f = f;
	w->values = values_new();
	return w;
}

static void
tear_down(void *world)
{
	struct world *w = world;
	void *f = w->f, *exported = w->exported;

	if (w->remembers)
		contents_clear(&w->remembered);
	values_free(w->values);
	free(w);
	clock_freeze_wall(0);
	fixture_teardown(&f);
	if (exported != NULL)
		fixture_teardown(&exported);
}

static struct asker *
client_named(struct world *w, const char *name)
{
	if (strcmp(name, "a") == 0)
		return &w->f->a;
	if (strcmp(name, "b") == 0)
		return &w->f->b;
	if (strcmp(name, "c") == 0)
		return &w->f->c;
	return strcmp(name, "tool") == 0 ? &w->f->tool : NULL;
}

/* words: MESSAGE FIELD=VALUE ..., or error CODE. */
static void
expect_message(
    struct world *w, struct asker *asker, uint64_t request, const struct words *words)
{
	const struct msg_desc *d = message_text_desc(words->word[0]);
	const char *fields[WORDS_MAX];
	char code[64];
	union msg got;
	enum msg_type type;

	if (buf_len(&asker->out) == 0)
		scenario_fail("there is no %s", d->name);
	type = take_answer(w->f, asker, request, &got);
	for (size_t i = 1; i < words->n; i++)
		fields[i - 1] = words->word[i];
	if (type != d->type && type == MSG_ERROR)
		scenario_fail("expected %s, got error %u: %.*s", d->name, got.error.code,
		    (int)got.error.detail.len, (const char *)got.error.detail.p);
	if (type != d->type)
		scenario_fail("expected %s, got %s", d->name, msg_name((uint16_t)type));
	if (d->type == MSG_ERROR && words->n > 1 && strchr(words->word[1], '=') == NULL) {
		snprintf(code, sizeof(code), "code=%s", words->word[1]);
		fields[0] = code;
	}
	message_text_expect(w->values, d, fields, words->n - 1, &got);
}

static void
copy_words(struct world *w, const char *const *from, size_t n, struct words *to)
{
	to->n = n;
	for (size_t i = 0; i < n; i++) {
		char *copy = values_alloc(w->values, strlen(from[i]) + 1);

		memcpy(copy, from[i], strlen(from[i]) + 1);
		to->word[i] = copy;
	}
}

static void
end_batch(struct world *w)
{
	commit(w->f);
	w->batch = false;
	for (size_t i = 0; i < w->expected_n; i++)
		expect_message(
		    w, w->expected[i].asker, w->expected[i].request, &w->expected[i].words);
	w->expected_n = 0;
}

static void
expect_forbidden(struct asker *asker, const struct msg_desc *d, const union msg *msg)
{
	union msg decoded;
	struct frame frame;
	struct buf b;
	size_t size;

	buf_init(&b, WIRE_FRAME_MAX);
	assert_int_equal(msg_encode(&b, (enum msg_type)d->type, 1, msg), 0);
	assert_int_equal(wire_frame(buf_slice(&b), &frame, &size), WIRE_OK);
	assert_int_equal(
	    msg_decode(&frame, asker->role, ROLE_STORE, WHEN_READY, &decoded), WIRE_FORBIDDEN);
	buf_clear(&b);
}

/* CLIENT MESSAGE FIELD=VALUE ... [-> ANSWER ...] */
static void
send_step(struct world *w, struct asker *asker, const struct words *step)
{
	const struct msg_desc *d = message_text_desc(step->word[1]);
	size_t arrow = 2;
	uint64_t request;
	union msg msg;

	while (arrow < step->n && strcmp(step->word[arrow], "->") != 0)
		arrow++;
	message_text_read(w->values, d, step->word + 2, arrow - 2, &msg);
	if (arrow + 1 < step->n && strcmp(step->word[arrow + 1], "forbidden") == 0) {
		expect_forbidden(asker, d, &msg);
		return;
	}
	request = send_request(w->f, asker, (enum msg_type)d->type, &msg);
	if (arrow + 1 < step->n) {
		struct expected *e = &w->expected[w->expected_n++];

		*e = (struct expected){.asker = asker, .request = request};
		copy_words(w, step->word + arrow + 1, step->n - arrow - 1, &e->words);
	}
	if (!w->batch)
		end_batch(w);
}

static void
silent(struct world *w)
{
	static const char *const names[] = {"a", "b", "c", "tool"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct asker *asker = client_named(w, names[i]);
		struct frame frame;
		size_t size;

		if (asker->client.fault != NULL)
			scenario_fail("%s: %s", names[i], asker->client.fault);
		if (buf_len(&asker->out) == 0)
			continue;
		assert_int_equal(wire_frame(buf_slice(&asker->out), &frame, &size), WIRE_OK);
		scenario_fail("%s received %s too", names[i], msg_name(frame.type));
	}
}

static void
end(void *world)
{
	struct world *w = world;

	silent(w);
	if (w->reported != NULL && w->reported[0] != '\0')
		scenario_fail("also reported: %s", w->reported);
}

static void
expect_fault(struct world *w, struct asker *asker, const char *fault)
{
	if (asker->client.fault == NULL)
		scenario_fail("the client has not violated the protocol");
	if (fault != NULL)
		assert_text(values_bytes(w->values, fault), asker->client.fault);
	asker->client.fault = NULL;
}

static void
limit_queue(struct asker *asker, const char *bytes)
{
	buf_clear(&asker->out);
	buf_init(&asker->out, strtoul(bytes, NULL, 10));
}

static void
client_step(struct world *w, struct asker *asker, const struct words *step)
{
	struct words notification;

	if (step->n < 2)
		scenario_fail("what does the client do?");
	if (strcmp(step->word[1], "disconnects") == 0) {
		lose(w->f, asker);
	} else if (strcmp(step->word[1], "hangs_up") == 0) {
		client_goes(w->f, asker);
	} else if (strcmp(step->word[1], "violates_protocol") == 0) {
		expect_fault(w, asker, step->n > 2 ? step->word[2] : NULL);
	} else if (strcmp(step->word[1], "queue") == 0 && step->n == 3) {
		limit_queue(asker, step->word[2]);
	} else if (strcmp(step->word[1], "<-") == 0) {
		copy_words(w, step->word + 2, step->n - 2, &notification);
		expect_message(w, asker, 0, &notification);
	} else {
		send_step(w, asker, step);
	}
}

static void
append_part(struct world *w, struct key *key, const char *part)
{
	uint64_t number;
	struct slice bytes;
	struct id id;
	struct hash256 hash;
	uint8_t big[8];
	char text[ID_TEXT_LEN + 1];
	size_t skip = 0;

	if (strncmp(part, "hash:", 5) == 0) {
		hash = values_hash(part + 5);
		bytes = (struct slice){hash.b, sizeof(hash.b)};
	} else if (strncmp(part, "text:", 5) == 0) {
		id = values_known_id(w->values, part + 5);
		id_format(&id, text);
		bytes = slice_str(text);
	} else if (part[0] == '"') {
		bytes = values_bytes(w->values, part);
	} else if (strncmp(part, "u32:", 4) == 0 || strchr("0123456789~", part[0]) != NULL) {
		skip = part[0] == 'u' ? 4 : 0;
		number = strtoull(part + (part[0] == '~' ? 1 : skip), NULL, 10);
		if (part[0] == '~')
			number = ~number;
		for (size_t i = 0; i < 8; i++)
			big[i] = (uint8_t)(number >> (56 - 8 * i));
		bytes = (struct slice){big + skip, 8 - skip};
	} else {
		id = values_known_id(w->values, part);
		bytes = (struct slice){id.b, sizeof(id.b)};
	}
	if (key->len + bytes.len > sizeof(key->b))
		scenario_fail("the key is too long");
	memcpy(key->b + key->len, bytes.p, bytes.len);
	key->len += bytes.len;
}

static struct key
key_named(struct world *w, const char *text)
{
	struct key key = {0};
	struct words one;
	char *part;

	copy_words(w, &text, 1, &one);
	for (char *rest = (char *)(uintptr_t)one.word[0]; (part = strsep(&rest, ",")) != NULL;)
		append_part(w, &key, part);
	return key;
}

static enum table
table_named(const char *name)
{
	for (enum table i = 0; i < TABLES; i++)
		if (strcmp(table_name(i), name) == 0)
			return i;
	scenario_fail("there is no table \"%s\"", name);
}

/* A step about a row: VERB TABLE KEY VALUE ... */
struct row {
	enum table table;
	struct key key;
	const char *const *values;
	size_t n;
};

/* A copy of a row's value; fails the scenario if there is no such row. */
static struct slice
row_value(struct world *w, enum table table, const struct key *key)
{
	struct slice value;
	uint8_t *copy;
	struct txn t;

	assert_int_equal(txn_begin(&t, &w->f->env, TXN_READ), 0);
	if (txn_get(&t, table, key, &value) != 0)
		scenario_fail("there is no such row");
	copy = values_alloc(w->values, value.len + 1);
	memcpy(copy, value.p, value.len);
	txn_abort(&t);
	return (struct slice){copy, value.len};
}

static void
write_row(struct world *w, const struct row *row, struct slice value)
{
	struct txn t;

	assert_int_equal(txn_begin(&t, &w->f->env, TXN_WRITE), 0);
	assert_int_equal(txn_put(&t, row->table, &row->key, value), 0);
	assert_int_equal(txn_commit(&t), 0);
	w->f->damaged = true;
}

static void
expect_row(struct world *w, const struct row *row)
{
	message_text_expect_record(
	    w->values, row->values[0], row_value(w, row->table, &row->key));
}

static void
expect_no_row(struct world *w, const struct row *row)
{
	struct slice value;
	struct txn t;

	assert_int_equal(txn_begin(&t, &w->f->env, TXN_READ), 0);
	if (txn_get(&t, row->table, &row->key, &value) != MDB_NOTFOUND)
		scenario_fail("there is such a row");
	txn_abort(&t);
}

static void
put_row(struct world *w, const struct row *row)
{
	write_row(w, row,
	    row->values[0][0] == '{' ? message_text_record(w->values, row->values[0])
				     : values_bytes(w->values, row->values[0]));
}

static void
set_row(struct world *w, const struct row *row)
{
	const char *name = table_name(row->table);
	char record[64]; /* "user_record" of "users" */

	snprintf(record, sizeof(record), "%.*s_record",
	    (int)strlen(name) - (row->table != TABLE_TOTALS), name);
	write_row(w, row,
	    message_text_changed(w->values, message_text_desc(record), row->values, row->n,
		row_value(w, row->table, &row->key)));
}

static void
copy_row(struct world *w, const struct row *row)
{
	struct key from = key_named(w, row->values[0]);

	write_row(w, row, row_value(w, row->table, &from));
}

static void
lead_row(struct world *w, const struct row *row)
{
	struct key to = key_named(w, row->values[0]);

	write_row(w, row, key_slice(&to));
}

static void
delete_row(struct world *w, const struct row *row)
{
	delete_entry(w->f, row->table, row->key);
	w->f->damaged = true;
}

static void
damage_row(struct world *w, const struct row *row)
{
	write_row(w, row, slice_str("damaged"));
}

static void
damage_row_page(struct world *w, const struct row *row)
{
	damage_page(w->f, row->table, &row->key);
}

/* pretend COUNTER N */
static void
pretend(struct world *w, const struct words *step)
{
	const struct {
		const char *name;
		size_t *n;
	} counters[] = {
	    {"open_turns", &w->f->open.n},
	    {"followed", &w->f->live.turns.n},
	    {"followed_by_b", &w->f->b.client.follows[TOPIC_TURNS].n},
	    {"visitors_followed_by_b", &w->f->b.client.follows[TOPIC_VISITORS].n},
	};

	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		if (step->n == 3 && strcmp(counters[i].name, step->word[1]) == 0) {
			*counters[i].n += (size_t)strtoll(step->word[2], NULL, 10);
			return;
		}
	scenario_fail("pretend what?");
}

static const struct {
	const char *name;
	void (*run)(struct world *w, const struct row *row);
	size_t values; /* at least */
} row_verbs[] = {
    {"row", expect_row, 1},
    {"no_row", expect_no_row, 0},
    {"put", put_row, 1},
    {"set", set_row, 1},
    {"copy", copy_row, 1},
    {"lead", lead_row, 1},
    {"delete", delete_row, 0},
    {"damage", damage_row, 0},
    {"damage_page", damage_row_page, 0},
};

/* False: there is no such verb. */
static bool
row_step(struct world *w, const struct words *step)
{
	for (size_t i = 0; i < ARRAY_LEN(row_verbs); i++) {
		struct row row;

		if (strcmp(row_verbs[i].name, step->word[0]) != 0)
			continue;
		if (step->n < 3 + row_verbs[i].values)
			scenario_fail("%s of what?", step->word[0]);
		row = (struct row){table_named(step->word[1]), key_named(w, step->word[2]),
		    step->word + 3, step->n - 3};
		row_verbs[i].run(w, &row);
		return true;
	}
	return false;
}

static void
expect_number(const char *what, size_t got, const char *expected)
{
	if (got != values_number(NULL, expected, NULL, NULL))
		scenario_fail("%s: %zu, not %s", what, got, expected);
}

/* reported LINE */
static void
expect_reported(struct world *w, const struct words *step)
{
	char line[512] = "";
	size_t n = 0, end;

	if (w->reported == NULL) {
		int rc = report_make(w->f, &w->report);

		assert_true(rc == 0 || rc == MDB_CORRUPTED);
		values_show_names(w->values, w->report.text);
		w->reported = w->report.text;
	}
	for (size_t i = 1; i < step->n && n < sizeof(line); i++)
		n += (size_t)snprintf(
		    line + n, sizeof(line) - n, "%s%s", i == 1 ? "" : " ", step->word[i]);
	end = strcspn(w->reported, "\n");
	if (end != strlen(line) || strncmp(w->reported, line, end) != 0)
		scenario_fail("reported: %s", w->reported);
	w->reported += end + (w->reported[end] == '\n');
}

/* messages CONVERSATION STATUS TEXT ... */
static void
expect_all_messages(struct world *w, const struct words *step)
{
	struct words request;
	char text[8192];
	size_t n;

	n = (size_t)snprintf(text, sizeof(text),
	    "a message_list org=default_org conversation=%s -> message_page next=0 messages=[",
	    step->word[1]);
	for (size_t i = 2; i + 1 < step->n && n < sizeof(text); i += 2)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "{status=%s text=%s} ",
		    step->word[i], step->word[i + 1]);
	if (n + 2 > sizeof(text) || step->n % 2 == 1)
		scenario_fail("the messages are too long, or one has no text");
	memcpy(text + n, "]", 2);
	words_split(text, &request);
	send_step(w, &w->f->a, &request);
}

static void
begin_batch(struct world *w, const struct words *step)
{
	(void)step;
	w->batch = true;
}

static void
commit_step(struct world *w, const struct words *step)
{
	(void)step;
	end_batch(w);
}

static void
batch_failed(struct world *w, const struct words *step)
{
	(void)step;
	if (batch_is_open(&w->f->batch))
		scenario_fail("the batch takes more requests");
}

static void
transactions(struct world *w, const struct words *step)
{
	size_t before = w->transactions;
	MDB_envinfo info;

	assert_int_equal(mdb_env_info(w->f->env.mdb, &info), 0);
	w->transactions = info.me_last_txnid;
	if (step->n > 1)
		expect_number("transactions", w->transactions - before, step->word[1]);
}

static void
no_transaction(struct world *w, const struct words *step)
{
	(void)step;
	assert_null(w->f->batch.txn.mdb);
}

static void
silent_step(struct world *w, const struct words *step)
{
	(void)step;
	silent(w);
}

static void
restart(struct world *w, const struct words *step)
{
	store_restart(
	    w->f, step->n == 1 ? STORE_BYTES : values_number(NULL, step->word[1], NULL, NULL));
}

static void
fill_store(struct world *w, const struct words *step)
{
	static const char *const long_question[] = {
	    "session=long", "text=x*12000", "history=1"};
	union msg msg, answer;
	uint64_t request;

	(void)step;
	do {
		message_text_read(w->values, message_text_desc("turn_begin"), long_question,
		    ARRAY_LEN(long_question), &msg);
		request = send_request(w->f, &w->f->a, MSG_TURN_BEGIN, &msg);
		commit(w->f);
	} while (take_answer(w->f, &w->f->a, request, &answer) != MSG_ERROR);
	assert_int_equal(answer.error.code, STORE_FULL);
}

static void
probe(struct world *w, const struct words *step)
{
	(void)step;
	env_probe(&w->f->env);
}

static void
end_claim_time(struct world *w, const struct words *step)
{
	(void)step;
	open_turns_lose(&w->f->open, &w->f->open.found);
	while (interrupt_lost(&w->f->env, &w->f->live) == INTERRUPT_MORE)
		;
}

static void
make_ids(struct world *w, const struct words *step)
{
	for (size_t i = 1; i < step->n; i++)
		values_id(w->values, step->word[i]);
}

static void
next_ms_step(struct world *w, const struct words *step)
{
	(void)w;
	(void)step;
	wait_for_next_ms();
}

/* clock MS or clock +MS */
static void
set_clock(struct world *w, const struct words *step)
{
	bool later = step->n > 1 && step->word[1][0] == '+';
	uint64_t ms;

	ms = values_number(w->values, step->n > 1 ? step->word[1] + later : "0", NULL, NULL);
	clock_freeze_wall(later ? clock_wall_ms() + ms : ms);
}

static void
collect_garbage(struct world *w, const struct words *step)
{
	unsigned steps = sweep(w->f);

	if (step->n > 1)
		expect_number("steps", steps, step->word[1]);
}

static void
collect_garbage_step(struct world *w, const struct words *step)
{
	(void)step;
	assert_int_not_equal(garbage_step(&w->f->env), GARBAGE_STUCK);
}

static void
import_into_new_store(struct world *w, const struct words *step)
{
	void *f;

	(void)step;
	if (w->exported == NULL) {
		w->exported = w->f;
		fixture_setup(&f);
		w->f = f;
	}
	copy_store(w->exported, w->f);
}

static void
remember(struct world *w, const struct words *step)
{
	(void)step;
	if (w->remembers)
		contents_clear(&w->remembered);
	contents_take(w->f, &w->remembered);
	w->remembers = true;
}

static void
unchanged(struct world *w, const struct words *step)
{
	(void)step;
	contents_expect(w->f, &w->remembered);
}

/* count TABLE N or count TABLE MIN..MAX */
static void
expect_count(struct world *w, const struct words *step)
{
	size_t n, min, max;

	if (step->n != 3)
		scenario_fail("count which table?");
	n = table_count(w->f, table_named(step->word[1]));
	if (sscanf(step->word[2], "%zu..%zu", &min, &max) != 2)
		expect_number(step->word[1], n, step->word[2]);
	else if (n < min || n > max)
		scenario_fail("%s: %zu, not %s", step->word[1], n, step->word[2]);
}

static void
whole(struct world *w, const struct words *step)
{
	(void)step;
	expect_whole(w->f);
	w->f->damaged = false;
}

static void
open_turns_step(struct world *w, const struct words *step)
{
	expect_number("open turns", w->f->open.n, step->word[step->n - 1]);
}

static void
followed(struct world *w, const struct words *step)
{
	expect_number("followed replies", w->f->live.turns.n, step->word[step->n - 1]);
}

static void
followed_visitors(struct world *w, const struct words *step)
{
	expect_number("followed visitors", w->f->live.rooms.n, step->word[step->n - 1]);
}

static const struct {
	const char *name;
	void (*run)(struct world *w, const struct words *step);
} verbs[] = {
    {"batch", begin_batch},
    {"commit", commit_step},
    {"batch_failed", batch_failed},
    {"transactions", transactions},
    {"silent", silent_step},
    {"messages", expect_all_messages},
    {"restart", restart},
    {"fill_store", fill_store},
    {"probe", probe},
    {"end_claim_time", end_claim_time},
    {"ids", make_ids},
    {"next_ms", next_ms_step},
    {"clock", set_clock},
    {"collect_garbage", collect_garbage},
    {"collect_garbage_step", collect_garbage_step},
    {"import_into_new_store", import_into_new_store},
    {"remember", remember},
    {"unchanged", unchanged},
    {"count", expect_count},
    {"reported", expect_reported},
    {"whole", whole},
    {"open_turns", open_turns_step},
    {"followed", followed},
    {"followed_visitors", followed_visitors},
    {"no_transaction", no_transaction},
    {"pretend", pretend},
};

static bool
run_verb(struct world *w, const struct words *step)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i].name, step->word[0]) == 0) {
			verbs[i].run(w, step);
			return true;
		}
	return false;
}

static bool
run_step(void *world, const struct words *step)
{
	struct world *w = world;
	struct asker *asker = client_named(w, step->word[0]);

	if (asker == NULL)
		return run_verb(w, step) || row_step(w, step);
	client_step(w, asker, step);
	return true;
}

const struct scenario_subject store_scenarios = {set_up, tear_down, run_step, end};

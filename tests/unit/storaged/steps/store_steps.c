/*
 * The steps of scenarios about the store. A client (a, b or c: workers; tool: the banter command; searchd; crawld; maild; mediad) sends
 * a request to a real store:
 *
 *	CLIENT MESSAGE FIELD=VALUE ... -> ANSWER FIELD=VALUE ...    without "->": there is no answer
 *	CLIENT MESSAGE FIELD=VALUE ... -> error CODE, or -> any answer
 *	CLIENT MESSAGE -> forbidden           the client may not send it
 *	CLIENT <- MESSAGE FIELD=VALUE ...     the client's next notification
 *	CLIENT disconnects
 *	CLIENT hangs_up                       ... but its open turns are not interrupted yet
 *	CLIENT violates_protocol [FAULT]      ... and would be disconnected; otherwise no client does
 *	CLIENT queue BYTES                    limits what may wait to be sent to the client
 *	silent                                no client has received anything else
 *	batch ... commit                      the requests between them are one transaction; the
 *	                                      answers are compared after it. Or several, if it takes no more
 *	next_batch                            ends the open batch; the answers are compared after the last one
 *	batch_failed                          the open batch takes no more requests, and will run again
 *	no_transaction                        the open batch has begun none
 *	transactions [N]                      of the store since the last such step
 *	messages CONVERSATION STATUS TEXT ... all messages of a conversation of the default organization
 *	restart [BYTES]                       as after a kill; with another limit of the store's size
 *	fill_store SESSION BYTES [OTHERS]     turns with replies of so many bytes, in batches of one turn of the
 *	                                      session and turns of OTHERS, until there is no room for a batch;
 *	                                      $stored is the number of stored messages
 *	small_disk BYTES ... no_small_disk    a new store on a disk that is so small
 *	larger_disk BYTES                     ... and then larger
 *	probe [N]                             looks whether the store can be written again; N times until it can
 *	probe_exposes_pages                   a probe makes pages that a deletion has freed usable for requests
 *	check_all [N]                         checks the checksums of all records, in N steps or more
 *	check_some REQUESTS works | waits     ... one step of that, after so many requests since the start
 *	save_time                             stores the latest time that was seen
 *	end_claim_time                        interrupts the turns that nobody has claimed since the restart
 *	ids NAME ...                          makes ids, each greater than the one before
 *	next_ms                               waits until the clock of the records advances
 *	clock MS | +MS                        stops the clock at this time (ms since 1970), or this much later;
 *	machine NAME                          storaged runs on this machine from now on
 *	                                      without a time it runs again
 *	trim_changes MS ROWS                  removes rows of the change feed that are older, or more
 *	spenders KEY USED/RESERVED ...        the rows of the table spenders that begin with this key, by their text
 *	collect_spenders [STEPS]              until nothing of removed budgets and of old days is left of them
 *	budget_share PERCENT                  BUDGET_SHARE; without the step there is none
 *	retain DAYS [STEPS]                   a pass of the retention with this RETENTION_DAYS
 *	end_silence [STEPS]                   a pass over the takeovers of silent operators
 *	do_due [STEPS]                        all that the table due has for now
 *	collect_garbage [STEPS]               until nothing of erased conversations is left
 *	collect_garbage_step                  one step
 *	collect_content [STEPS]               until nothing of removed sources and incomplete uploads is left
 *	check_pictures                        CHECK_PICTURES=1
 *	files_quota BYTES [ORG_BYTES]         FILES_MAX_BYTES and FILES_ORG_MAX_BYTES; without the step there is no file
 *	collect_files [DAYS]                  until nothing of removed files is left; with this FILES_RETENTION_DAYS
 *	import_into_new_store                 ... everything that an export of the store contains; the new
 *	                                      one takes its place. Again: from the first into that one
 *	remember                              ... and later: the tables have the same contents as then
 *	unchanged [except TABLE ...]
 *	count TABLE N | MIN..MAX              the number of entries; also of `all` tables, of `pages`, and of
 *	                                      entries in the last `progress` that the verification told
 *	numbers KEY COUNT=N ... kept COUNT=N ...    all that a row of the table numbers counts; nothing: there
 *	                                      is none. Of times: first_token=HOW_MANY..GREATEST_MS
 *	fold_numbers                          adds up the hours of old days
 *	row TABLE KEY {KIND FIELD=VALUE ...}  a record as it is stored; or "bytes"
 *	no_row TABLE KEY
 *	put TABLE KEY {KIND FIELD=VALUE ...}  ... or "bytes": writes to the store directly
 *	set TABLE KEY FIELD=VALUE ...         changes fields of a record
 *	copy TABLE KEY KEY                    to the first key, from the second
 *	lead TABLE KEY KEY                    an index entry of the first key, for the record of the second
 *	delete TABLE KEY
 *	damage TABLE KEY                      replaces a record by bytes that do not decode
 *	damage_page TABLE KEY                 overwrites its page in the file with zeros
 *	flip_bit TABLE KEY                    changes a bit of its value in the file
 *	flip_key TABLE KEY                    changes the first bit of its key in the file
 *	lengthen_key TABLE KEY                makes the key longer than any key can be
 *	start_dies TABLE KEY                  a start and a step of the garbage collection with an unreadable page
 *	start_survives TABLE KEY              kill the process, or do not; the page is readable afterwards
 *	reported LINE                         the next line that the verification of the store reports; it
 *	                                      runs at the first of these steps
 *	reports LINE                          ... some line that it reports
 *	whole                                 the store passes verification, also at the end
 *	open_turns N                          replies that are being written
 *	followed N                            replies that somebody follows
 *	followed_visitors N
 *	pretend COUNTER N                     adds N, or -N, to a counter that has a limit: open_turns, followed,
 *	                                      followed_by_b, followed_visitors; or to writable_at or
 *	                                      steady_mono, in ms
 *	stuck N                               erased conversations that cannot be removed
 *
 * put, set, copy, lead, delete and damage leave a store that need not pass verification at the end of the
 * scenario. A KEY is made of parts with commas between: ids by their names (as text: text:NAME), numbers
 * (64 bits; u32:N has 32; ~N is the complement), hash:WORD, "text". At the end of a scenario no client may
 * have received anything that no step has named.
 */
#include "storaged/budgets/spenders_garbage.h"
#include "storaged/changes/changes_trim.h"
#include "storaged/content/content_garbage.h"
#include "storaged/duty/due.h"
#include "storaged/files/file_garbage.h"
#include "storaged/retention/retention.h"
#include "storaged/turns/silence.h"
#include "tests/unit/storaged/steps/store_world.h"
#include "tests/unit/storaged/store_copy.h"

static void *
set_up(void)
{
	struct world *w = xcalloc(1, sizeof(*w));
	void *f;

	fixture_setup(&f);
	w->f = f;
	w->mirror = mirror_start(w->f);
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
	if (w->mirror != NULL)
		mirror_stop(w->f, w->mirror);
	values_free(w->values);
	free(w);
	clock_freeze_wall(0);
	fixture_teardown(&f);
	if (exported != NULL)
		fixture_teardown(&exported);
}

void
end_mirror(struct world *w)
{
	/* What no request did, such as damage, is in no write set. */
	if (!w->f->damaged && w->f->env.damage == NULL)
		mirror_expect_equal(w->f, w->mirror);
	mirror_stop(w->f, w->mirror);
	w->mirror = NULL;
}

static void
end(void *world)
{
	struct world *w = world;

	silent(w);
	if (w->mirror != NULL)
		end_mirror(w);
	if (w->reported != NULL && w->reported[0] != '\0')
		scenario_fail("also reported: %s", w->reported);
}

static void
expect_number(struct world *w, const char *what, size_t got, const char *expected)
{
	if (got != values_number(w->values, expected, NULL, NULL))
		scenario_fail("%s: %zu, not %s", what, got, expected);
}

struct report_line {
	char s[512];
};

/* Verifies the store the first time; returns the line of a step. */
static struct report_line
read_reported(struct world *w, const struct words *step)
{
	struct report_line line = {""};
	size_t n = 0;

	if (w->reported == NULL) {
		int rc = report_make(w->f, &w->report);

		assert_true(rc == 0 || rc == MDB_CORRUPTED);
		values_show_names(w->values, w->report.text);
		w->reported = w->report.text;
	}
	for (size_t i = 1; i < step->n && n < sizeof(line.s); i++)
		n += (size_t)snprintf(
		    line.s + n, sizeof(line.s) - n, "%s%s", i == 1 ? "" : " ", step->word[i]);
	return line;
}

/* reports LINE */
static void
expect_among_reported(struct world *w, const struct words *step)
{
	const struct report_line line = read_reported(w, step);
	const size_t len = strlen(line.s);
	const char *at = strstr(w->reported, line.s);

	if (at == NULL || (at != w->reported && at[-1] != '\n') ||
	    (at[len] != '\n' && at[len] != '\0'))
		scenario_fail("reported: %s", w->reported);
	w->reported += strlen(w->reported);
}

/* reported LINE */
static void
expect_reported(struct world *w, const struct words *step)
{
	const struct report_line found = read_reported(w, step);
	const char *line = found.s;
	size_t end;

	end = strcspn(w->reported, "\n");
	if (end != strlen(line) || strncmp(w->reported, line, end) != 0)
		scenario_fail("reported: %s", w->reported);
	w->reported += end + (w->reported[end] == '\n');
}

static void
begin_batch(struct world *w)
{
	w->batch = true;
}

static void
next_batch(struct world *w)
{
	commit(w->f);
}

static void
batch_failed(struct world *w)
{
	if (batch_is_open(&w->f->batch))
		scenario_fail("the batch takes more requests");
}

static void
transactions(struct world *w, const struct words *step)
{
	size_t before = w->transactions;

	w->transactions = store_info(w->f).me_last_txnid;
	if (step->n > 1)
		expect_number(w, "transactions", w->transactions - before, step->word[1]);
}

static void
no_transaction(struct world *w)
{
	assert_null(w->f->batch.txn.mdb);
}

static void
restart(struct world *w, const struct words *step)
{
	store_restart(
	    w->f, step->n == 1 ? STORE_BYTES : values_number(NULL, step->word[1], NULL, NULL));
}

static void
save_time(struct world *w)
{
	store_time_save(&w->f->env, true);
}

static void
end_claim_time(struct world *w)
{
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
next_ms([[gnu::unused]] struct world *w)
{
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

/* machine NAME: storaged runs on another one now */
static void
set_machine(struct world *w, const struct words *step)
{
	(void)snprintf(w->f->env.machine, sizeof(w->f->env.machine), "%s",
	    step->n > 1 ? step->word[1] : "");
}

static void
collect_garbage(struct world *w, const struct words *step)
{
	unsigned steps = sweep(w->f);

	if (step->n > 1)
		expect_number(w, "steps", steps, step->word[1]);
}

static void
collect_content(struct world *w, const struct words *step)
{
	unsigned steps = 1;

	content_garbage_start(&w->f->env);
	while (content_garbage_step(&w->f->env))
		steps++;
	if (step->n > 1)
		expect_number(w, "steps", steps, step->word[1]);
}

/* collect_spenders [STEPS] */
static void
collect_spenders(struct world *w, const struct words *step)
{
	unsigned steps = 1;

	spenders_garbage_start(&w->f->env);
	while (spenders_garbage_step(&w->f->env))
		steps++;
	if (step->n > 1)
		expect_number(w, "steps", steps, step->word[1]);
}

static void
check_pictures(struct world *w, const struct words *step)
{
	(void)step;
	w->f->env.check_pictures = true;
}

/* files_quota BYTES [ORG_BYTES] */
static void
files_quota(struct world *w, const struct words *step)
{
	struct env *env = &w->f->env;

	env->files_max_bytes = values_number(w->values, step->word[1], NULL, NULL);
	env->files_org_max_bytes =
	    step->n > 2 ? values_number(w->values, step->word[2], NULL, NULL) : 0;
}

/* collect_files [DAYS] */
static void
collect_files(struct world *w, const struct words *step)
{
	w->f->env.files_retention_days =
	    step->n > 1 ? (uint32_t)values_number(w->values, step->word[1], NULL, NULL) : 0;
	file_garbage_start(&w->f->env);
	while (file_garbage_step(&w->f->env))
		continue;
}

static void
collect_garbage_step(struct world *w)
{
	assert_int_not_equal(garbage_step(&w->f->env), GARBAGE_STUCK);
}

/* trim_changes MS ROWS */
static void
trim_changes(struct world *w, const struct words *step)
{
	const struct changes_kept kept = {values_number(w->values, step->word[1], NULL, NULL),
	    values_number(w->values, step->word[2], NULL, NULL)};

	while (changes_trim(&w->f->env, kept))
		;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* spenders KEY USED/RESERVED ...: the rows of spenders that begin with this key, in the order of their texts */
static void
expect_spenders(struct world *w, const struct words *step)
{
	const struct key front = key_named(w, step->word[1]);
	char texts[16][48], *list[16];
	struct msg_spent_record spent;
	struct walk walk;
	struct txn t;
	size_t n = 0;
	int rc;

	assert_int_equal(txn_begin(&t, &w->f->env, TXN_READ), 0);
	rc = walk_open(&walk, &t, TABLE_SPENDERS, &front);
	for (rc = rc != 0 ? rc : walk_from(&walk, &front); rc == 0 && n < 16;
	     rc = walk_next(&walk)) {
		assert_int_equal(record_read(walk.value, TABLE_SPENDERS, &spent), 0);
		snprintf(texts[n], sizeof(texts[n]), "%llu/%llu",
		    (unsigned long long)spent.used, (unsigned long long)spent.reserved);
		list[n] = texts[n];
		n++;
	}
	walk_close(&walk);
	txn_abort(&t);
	if (n > 0)
		qsort(list, n, sizeof(list[0]), compare_texts);
	if (n != step->n - 2)
		scenario_fail("%zu spenders, the first is %s", n, n > 0 ? list[0] : "none");
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], step->word[2 + i]) != 0)
			scenario_fail("a spender has %s, not %s", list[i], step->word[2 + i]);
}

/* budget_share PERCENT */
static void
budget_share(struct world *w, const struct words *step)
{
	w->f->env.budget_share = (uint32_t)values_number(w->values, step->word[1], NULL, NULL);
}

/* retain DAYS [STEPS] */
static void
retain(struct world *w, const struct words *step)
{
	struct retention pass = {.runs = false};
	size_t steps = 1;

	w->f->env.retention_days =
	    (uint32_t)values_number(w->values, step->word[1], NULL, NULL);
	retention_start(&pass);
	while (retention_step(&pass, &w->f->env, &w->f->live))
		steps++;
	if (step->n > 2)
		expect_number(w, "steps", steps, step->word[2]);
}

/* end_silence [STEPS]: a message to worker c must not wait for another event of storaged's loop. */
static void
end_silence(struct world *w, const struct words *step)
{
	struct silence pass = {.runs = false};
	size_t steps = 1, before = buf_len(&w->f->c.out);

	w->f->live.notified = false;
	silence_start(&pass);
	while (silence_step(&pass, &w->f->env, &w->f->live))
		steps++;
	if (buf_len(&w->f->c.out) > before)
		assert_true(w->f->live.notified);
	if (step->n > 1)
		expect_number(w, "steps", steps, step->word[1]);
}

/* do_due [STEPS] */
static void
do_due(struct world *w, const struct words *step)
{
	size_t steps = 1;

	while (due_step(&w->f->env, &w->f->live))
		steps++;
	if (step->n > 1)
		expect_number(w, "steps", steps, step->word[1]);
}

static void
import_into_new_store(struct world *w)
{
	void *f;

	if (w->exported == NULL) {
		end_mirror(w);
		w->exported = w->f;
		fixture_setup(&f);
		w->f = f;
		w->mirror = mirror_start(w->f);
	}
	copy_store(w->exported, w->f);
}

static void
remember(struct world *w)
{
	if (w->remembers)
		contents_clear(&w->remembered);
	contents_take(w->f, &w->remembered);
	w->remembers = true;
}

/* unchanged [except TABLE ...] */
static void
unchanged(struct world *w, const struct words *step)
{
	bool except[TABLES] = {false};

	for (size_t i = 2; i < step->n; i++)
		except[table_named(step->word[i])] = true;
	contents_expect(w->f, &w->remembered, except);
}

/* Entries of a table or of all, entries when the last verification told its progress, or pages of the
 * file. */
static size_t
count_of(struct world *w, const char *what)
{
	size_t n = 0;

	if (strcmp(what, "progress") == 0)
		return w->report.progress;
	if (strcmp(what, "pages") == 0)
		return store_info(w->f).me_last_pgno + 1;
	if (strcmp(what, "all") != 0)
		return table_count(w->f, table_named(what));
	for (enum table i = 0; i < TABLES; i++)
		n += table_count(w->f, i);
	return n;
}

/* count TABLE N or count TABLE MIN..MAX */
static void
expect_count(struct world *w, const struct words *step)
{
	size_t n, min, max;

	if (step->n != 3)
		scenario_fail("count which table?");
	n = count_of(w, step->word[1]);
	if (sscanf(step->word[2], "%zu..%zu", &min, &max) != 2)
		expect_number(w, step->word[1], n, step->word[2]);
	else if (n < min || n > max)
		scenario_fail("%s: %zu, not %s", step->word[1], n, step->word[2]);
}

static void
whole(struct world *w)
{
	expect_whole(&w->f->env);
	w->f->damaged = false;
}

/* NULL: there is no such counter. */
static size_t *
counter_named(struct world *w, const char *name)
{
	const struct {
		const char *name;
		size_t *n;
	} counters[] = {
	    {"open_turns", &w->f->open.n},
	    {"followed", &w->f->live.turns.n},
	    {"followed_visitors", &w->f->live.rooms.n},
	    {"writable_at", &w->f->env.writable_at},
	    {"steady_mono", &w->f->env.time.steady_mono},
	    {"stuck", &w->f->env.garbage.stuck_n},
	    {"followed_by_b", &w->f->b.client.follows[TOPIC_TURNS].n},
	    {"visitors_followed_by_b", &w->f->b.client.follows[TOPIC_ROOMS].n},
	};

	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		if (strcmp(counters[i].name, name) == 0)
			return counters[i].n;
	return NULL;
}

/* pretend COUNTER N */
static void
pretend(struct world *w, const struct words *step)
{
	size_t *n = step->n == 3 ? counter_named(w, step->word[1]) : NULL;

	if (n == NULL)
		scenario_fail("pretend what?");
	*n += (size_t)strtoll(step->word[2], NULL, 10);
}

static const struct {
	const char *name;
	void (*run)(struct world *w, const struct words *step);
	void (*act)(struct world *w); /* without parameters */
} verbs[] = {
    {"batch", .act = begin_batch},
    {"commit", .act = end_batch},
    {"next_batch", .act = next_batch},
    {"batch_failed", .act = batch_failed},
    {"transactions", .run = transactions},
    {"silent", .act = silent},
    {"messages", .run = expect_all_messages},
    {"restart", .run = restart},
    {"save_time", .act = save_time},
    {"end_claim_time", .act = end_claim_time},
    {"ids", .run = make_ids},
    {"next_ms", .act = next_ms},
    {"clock", .run = set_clock},
    {"machine", .run = set_machine},
    {"trim_changes", .run = trim_changes},
    {"collect_spenders", .run = collect_spenders},
    {"budget_share", .run = budget_share},
    {"spenders", .run = expect_spenders},
    {"retain", .run = retain},
    {"end_silence", .run = end_silence},
    {"do_due", .run = do_due},
    {"collect_garbage", .run = collect_garbage},
    {"collect_content", .run = collect_content},
    {"check_pictures", .run = check_pictures},
    {"files_quota", .run = files_quota},
    {"collect_files", .run = collect_files},
    {"collect_garbage_step", .act = collect_garbage_step},
    {"import_into_new_store", .act = import_into_new_store},
    {"remember", .act = remember},
    {"unchanged", .run = unchanged},
    {"count", .run = expect_count},
    {"reports", .run = expect_among_reported},
    {"reported", .run = expect_reported},
    {"whole", .act = whole},
    {"no_transaction", .act = no_transaction},
    {"pretend", .run = pretend},
    {"fill_store", .run = fill_store},
    {"small_disk", .run = small_disk},
    {"larger_disk", .run = larger_disk},
    {"no_small_disk", .act = no_small_disk},
    {"probe", .run = probe},
    {"probe_exposes_pages", .act = probe_exposes_pages},
    {"check_all", .run = check_all},
    {"check_some", .run = check_some},
    {"numbers", .run = expect_numbers},
    {"fold_numbers", .act = fold_numbers},
};

static bool
run_verb(struct world *w, const struct words *step)
{
	const size_t *counter = counter_named(w, step->word[0]);

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(verbs[i].name, step->word[0]) != 0)
			continue;
		if (verbs[i].act != NULL)
			verbs[i].act(w);
		else
			verbs[i].run(w, step);
		return true;
	}
	if (counter != NULL)
		expect_number(w, step->word[0], *counter, step->word[step->n - 1]);
	return counter != NULL;
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

/*
 * Fills a store for inbox.mjs and dashboard.mjs: messages of random words, as workers write them; and numbers of two
 * years, by days, widgets and agents, as `banter import` writes them. Prints the queries for a benchmark of searches. Or measures
 * appends for some seconds. Or makes a store, of which no storaged runs, count its numbers again.
 */
#include <string.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/counts/counts.h"
#include "tests/bench/bench.h"
#include "tests/bench/store_raw.h"
#include "tests/bench/words.h"

#define SLOTS     512u
#define IN_FLIGHT 64u /* of measured appends */
#define TURNS     5   /* of each conversation, unless the plan has another number */
#define DAYS      731u
#define QUERIES   2000u
#define DAY_MS    ((uint64_t)24 * 3600 * 1000)

static struct slice
random_text(enum append kind)
{
	static char text[WORDS_TEXT_MAX];

	(void)kind;
	return (struct slice){(const uint8_t *)text, words_put_text(text)};
}

static void
fill_open(struct sender *sender, const char *socket, size_t slots, unsigned turns)
{
	sender_open(sender, socket, 0);
	sender->text = random_text;
	sender_load(sender, slots, turns);
}

static void
fill_messages(const char *socket, unsigned messages, unsigned turns)
{
	struct sender sender;
	struct quota quota;

	fill_open(&sender, socket, SLOTS, turns);
	for (size_t i = 0; i < SLOTS; i++)
		quota.of[i] = messages / SLOTS / 2 * 2;
	sender_run(&sender, &quota, UINT64_MAX, NULL);
	sender_close(&sender);
}

static void
measure_appends(const char *socket, int seconds)
{
	uint64_t until = clock_mono_ns() + (uint64_t)seconds * 1000000000, ns;
	struct sender sender;

	fill_open(&sender, socket, IN_FLIGHT, TURNS);
	ns = sender_run(&sender, NULL, until, NULL);
	bench_print(
	    json_pack("{s:f}", "rate", (double)load_done(&sender.load) * 1e9 / (double)ns));
	sender_close(&sender);
}

static void
fill_day(struct channel *line, uint32_t day, unsigned widget, unsigned agent)
{
	struct msg_kept_record record = {.v = RECORD_VERSION,
	    .org = id_default_org,
	    .day = day,
	    .widget = {{0xb, (uint8_t)widget}},
	    .agent = {{0xa, (uint8_t)agent}}};
	struct counts counts = {.n = {3, 9, 1, 3, 8, 1, 0, 0, 4000, 900}};
	struct buf text, bytes;
	union msg ok;

	/* Replies took from 0.2 s to 20 s. */
	for (unsigned ms = 200; ms < 20000; ms *= 2) {
		counts.n[COUNT_FIRST_TOKEN + counts_bucket(ms / 4)]++;
		counts.n[COUNT_TOTAL_TIME + counts_bucket(ms)]++;
	}
	buf_init(&text, 8192);
	buf_init(&bytes, 16384);
	must(counts_write_text(&text, &counts) == 0);
	record.counts = buf_slice(&text);
	must(record_encode(&bytes, MSG_KEPT_RECORD, &record) == 0);
	line_ask(line, MSG_IMPORT_RECORD,
	    &(struct msg_import_record){.type = MSG_KEPT_RECORD, .record = buf_slice(&bytes)},
	    MSG_OK, &ok);
	buf_clear(&text);
	buf_clear(&bytes);
}

static void
fill_numbers(const char *socket, unsigned widgets, unsigned agents)
{
	uint32_t today = (uint32_t)(clock_wall_ms() / DAY_MS);
	struct channel line;

	line_open(&line, socket, ROLE_TOOL);
	for (uint32_t day = today - DAYS; day < today; day++)
		for (unsigned widget = 0; widget < widgets; widget++)
			for (unsigned agent = 0; agent < agents; agent++)
				fill_day(&line, day, widget, agent);
	channel_close(&line);
}

static void
print_queries(void)
{
	json_t *queries = json_array();
	char text[WORDS_TEXT_MAX];

	for (unsigned i = 0; i < QUERIES; i++)
		json_array_append_new(queries, json_stringn(text, words_put_query(text) - 1));
	bench_print(json_pack("{s:o}", "queries", queries));
}

static void
forget_numbers(const char *dir)
{
	struct key key = key_meta(META_NUMBERS);
	MDB_env *env = raw_env_open(dir, false);
	MDB_val name = {.mv_size = key.len, .mv_data = key.b};
	MDB_txn *txn;
	MDB_dbi meta;

	must(mdb_txn_begin(env, NULL, 0, &txn) == 0);
	must(mdb_dbi_open(txn, table_name(TABLE_META), 0, &meta) == 0);
	must(mdb_del(txn, meta, &name, NULL) == 0);
	must(mdb_txn_commit(txn) == 0);
	mdb_env_close(env);
}

int
main(int argc, char **argv)
{
	int messages = 0, turns = TURNS, widgets = 0, agents = 0, seconds = 0;
	const char *socket = NULL, *forget = NULL;

	bench_plan(argc, argv, "{s?s,s?s,s?i,s?i,s?i,s?i,s?i}", "socket", &socket, "forget",
	    &forget, "messages", &messages, "turns", &turns, "widgets", &widgets, "agents",
	    &agents, "seconds", &seconds);
	if (forget != NULL) {
		forget_numbers(forget);
		return 0;
	}
	if (seconds > 0) {
		measure_appends(socket, seconds);
		return 0;
	}
	fill_messages(socket, (unsigned)messages, (unsigned)turns);
	fill_numbers(socket, (unsigned)widgets, (unsigned)agents);
	print_queries();
	return 0;
}

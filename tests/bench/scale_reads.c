/*
 * Measures lists, conversations and turn starts, one request at a time.
 */
#include "tests/bench/scale.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <bsd/stdlib.h>

#include "proto/base/basics.h"

/* Conversations per page of the list, the maximum. */
#define PAGE_LIMIT 200u

static size_t
count(struct slice list)
{
	struct slice item;
	size_t n = 0;

	while (wire_list_next(&list, &item))
		n++;
	return n;
}

static void
add_conversation(struct conversations *all, struct slice item)
{
	struct msg_conversation_record record;

	if (record_decode(item, MSG_CONVERSATION_RECORD, &record) != WIRE_OK)
		errx(EX_PROTOCOL, "a conversation that cannot be read");
	all->ids = xreallocarray(all->ids, all->n + 1, sizeof(*all->ids));
	all->ids[all->n++] = record.id;
}

void
conversations_read(struct channel *line, struct conversations *all)
{
	struct msg_conversation_list m = {.org = id_default_org, .limit = PAGE_LIMIT};
	uint8_t cursor[64];
	union msg page;

	*all = (struct conversations){0};
	do {
		struct slice list, item;

		line_ask(line, MSG_CONVERSATION_LIST, &m, MSG_CONVERSATION_PAGE, &page);
		list = page.conversation_page.conversations;
		while (wire_list_next(&list, &item))
			add_conversation(all, item);
		m.cursor = (struct slice){cursor, page.conversation_page.next.len};
		must(m.cursor.len <= sizeof(cursor));
		memcpy(cursor, page.conversation_page.next.p, m.cursor.len);
	} while (m.cursor.len > 0);
	if (all->n != page.conversation_page.total)
		errx(EX_DATAERR, "%zu conversations in the list, but %ju are counted", all->n,
		    (uintmax_t)page.conversation_page.total);
}

uint64_t
read_list(struct channel *line)
{
	struct msg_conversation_list m = {.org = id_default_org, .limit = LIST_LIMIT};
	union msg page;
	uint64_t ns;

	ns = line_ask(line, MSG_CONVERSATION_LIST, &m, MSG_CONVERSATION_PAGE, &page);
	if (count(page.conversation_page.conversations) != LIST_LIMIT)
		errx(EX_DATAERR, "the list is too short");
	return ns;
}

uint64_t
read_thread(struct channel *line, const struct id *long_one)
{
	struct msg_message_list m = {
	    .org = id_default_org,
	    .conversation = *long_one,
	    .limit = THREAD_LIMIT,
	};
	union msg page;
	uint64_t ns = line_ask(line, MSG_MESSAGE_LIST, &m, MSG_MESSAGE_PAGE, &page);

	if (count(page.message_page.messages) != THREAD_LIMIT)
		errx(EX_DATAERR, "the thread is too short");
	return ns;
}

static uint64_t
begin_turn(struct channel *line, const struct id *conversation, const struct id *turn)
{
	char session[ID_TEXT_LEN + 1];
	struct msg_turn_begin m = {
	    .org = id_default_org,
	    .widget = id_default_widget,
	    .conversation = id_new(),
	    .message = id_new(),
	    .turn = *turn,
	    .text = load_text(APPEND_QUESTION),
	    .history = BEGIN_HISTORY,
	};
	union msg begun;
	uint64_t ns;

	id_format(conversation, session);
	m.session = slice_str(session);
	ns = line_ask(line, MSG_TURN_BEGIN, &m, MSG_TURN_BEGUN, &begun);
	if (!id_equal(&begun.turn_begun.conversation, conversation))
		errx(EX_DATAERR, "the turn began in another conversation");
	return ns;
}

static void
finish_turn(struct channel *line, const struct id *turn)
{
	struct msg_turn_finish m = {
	    .turn = *turn, .run = *turn, .text = load_text(APPEND_REPLY)};
	union msg ok;

	line_ask(line, MSG_TURN_FINISH, &m, MSG_OK, &ok);
}

json_t *
reads_measure(const struct group *storaged, struct channel *line,
    const struct conversations *all, const struct id *long_one, unsigned times)
{
	static const char *const kinds[] = {"list", "thread", "begin"};
	struct durations durations[ARRAY_LEN(kinds)] = {0};
	uint64_t cpu_ns[ARRAY_LEN(kinds)] = {0};
	json_t *reads = json_object();

	for (unsigned i = 0; i < times; i++) {
		const struct id *some = &all->ids[arc4random_uniform((uint32_t)all->n)];
		struct id turn = id_new();

		for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++) {
			/* storaged does nothing else: all of its processor time belongs to this
			 * request. */
			uint64_t cpu = group_cpu_ns(storaged);
			uint64_t ns = kind == 0 ? read_list(line)
			    : kind == 1         ? read_thread(line, long_one)
						: begin_turn(line, some, &turn);

			cpu_ns[kind] += group_cpu_ns(storaged) - cpu;
			durations_add(&durations[kind], ns);
		}
		finish_turn(line, &turn);
	}
	for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++) {
		json_t *figures = durations_json(&durations[kind]);

		json_object_set_new(
		    figures, "cpuUs", json_real((double)cpu_ns[kind] / 1e3 / times));
		json_object_set_new(reads, kinds[kind], figures);
	}
	return reads;
}

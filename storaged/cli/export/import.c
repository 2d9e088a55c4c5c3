/*
 * Sends the lines of an export (line.h) to a running storaged, pipelined.
 */
#include "storaged/cli/export/import.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/list.h"
#include "storaged/cli/base/progress.h"
#include "storaged/cli/base/units.h"
#include "storaged/cli/export/import_check.h"
#include "storaged/cli/export/line.h"
#include "storaged/cli/export/line_reader.h"
#include "storaged/cli/store/store_conn.h"

/* Requests in flight, at most: about one batch of storaged. */
#define IN_FLIGHT_MAX 512u

/* At most this many conversations with missing messages are named. */
#define MISSING_SHOWN 20u

struct import {
	struct store_conn store;
	struct line_reader reader;
	struct line line;
	struct file_sum sum; /* of the lines read */
	bool changed;        /* ... which is not that of the export's last line */
	int unsent;          /* the exit status if sending failed while reading */
	uint64_t size;       /* bytes of the file; 0: unknown */
	bool json;           /* print the report as JSON */
	bool ended;          /* the export's last line was read */
	/* The requests in flight by request id - 1, and the unused ids. */
	struct {
		uint64_t line;
		enum msg_type type; /* 0: unused */
	} waits[IN_FLIGHT_MAX];
	uint32_t unused[IN_FLIGHT_MAX];
	size_t n_unused;
	uint64_t conversations, messages, logins, others; /* that storaged has imported */
	uint64_t rejected;
	/* The last conversation that was read, and how many messages it counts and has. */
	struct {
		struct id id;
		uint64_t counted, read;
	} conversation;
	uint64_t missing, missing_in; /* messages, and their conversations */
};

static void
import_reject_line(struct import *im, uint64_t number, const char *why, size_t len)
{
	console_warn("line %" PRIu64 ": %.*s", number, (int)len, why);
	im->rejected++;
}

static void
import_count(struct import *im, enum msg_type type)
{
	im->conversations += type == MSG_IMPORT_CONVERSATION;
	im->messages += type == MSG_IMPORT_MESSAGE;
	im->logins += type == MSG_IMPORT_LOGIN;
	im->others += type == MSG_IMPORT_RECORD || type == MSG_IMPORT_SOURCE_PAGE;
}

/* Whether the error concerns this line only. */
static bool
import_is_of_the_line(uint16_t code)
{
	return code != STORE_FULL && code != STORE_INTERNAL && code != STORE_DAMAGED &&
	    code != STORE_READ_ONLY;
}

/* Receives one reply. 0, or the exit status. */
static int
import_take_answer(struct import *im)
{
	struct frame f;
	union msg m;
	size_t i;
	int status = store_conn_receive(&im->store, &f, &m);

	if (status != 0)
		return status;
	i = (size_t)f.request - 1;
	if (i >= IN_FLIGHT_MAX || im->waits[i].type == 0 ||
	    (f.type != MSG_OK && f.type != MSG_ERROR))
		return console_fail(EX_PROTOCOL,
		    "storaged sent an unexpected reply: banter and storaged may have different "
		    "versions");
	if (f.type == MSG_OK)
		import_count(im, im->waits[i].type);
	else if (import_is_of_the_line(m.error.code))
		import_reject_line(
		    im, im->waits[i].line, (const char *)m.error.detail.p, m.error.detail.len);
	else
		return store_conn_fail_refused(&m.error);
	im->waits[i].type = (enum msg_type)0;
	im->unused[im->n_unused++] = (uint32_t)i;
	return 0;
}

static int
import_take_all_answers(struct import *im)
{
	int status = 0;

	while (status == 0 && im->n_unused < IN_FLIGHT_MAX)
		status = import_take_answer(im);
	return status;
}

/* Sends the line's request; receives replies until there is room for it. */
static int
import_put_back(struct import *im)
{
	uint32_t i;
	int status = 0;

	while (status == 0 && im->n_unused == 0)
		status = import_take_answer(im);
	if (status != 0)
		return status;
	i = im->unused[im->n_unused - 1];
	while (store_conn_send(&im->store, im->line.type, i + 1, &im->line.request) == -1) {
		status = import_take_answer(im);
		if (status != 0)
			return status;
		i = im->unused[im->n_unused - 1];
	}
	im->n_unused--;
	im->waits[i].line = im->reader.number;
	im->waits[i].type = im->line.type;
	return 0;
}

/* Compares the messages of the last conversation with those that it counts. */
static void
import_check_messages(struct import *im)
{
	uint64_t counted = im->conversation.counted, read = im->conversation.read;
	char text[ID_TEXT_LEN + 1];

	im->conversation.counted = im->conversation.read = 0;
	if (read >= counted)
		return;
	im->missing += counted - read;
	if (++im->missing_in > MISSING_SHOWN)
		return;
	id_format(&im->conversation.id, text);
	console_warn("conversation %s has %" PRIu64 " messages, of which the export lacks "
		     "%" PRIu64,
	    text, counted, counted - read);
}

/* Counts a message, or begins with a conversation. */
static void
import_note_line(struct import *im)
{
	struct msg_conversation_record r;

	im->conversation.read += im->line.type == MSG_IMPORT_MESSAGE;
	if (im->line.type != MSG_IMPORT_CONVERSATION)
		return;
	import_check_messages(im);
	if (record_decode(im->line.request.import_conversation.conversation,
		MSG_CONVERSATION_RECORD, &r) != WIRE_OK)
		return;
	im->conversation.id = r.id;
	im->conversation.counted = r.messages;
}

static void
import_take_end(struct import *im)
{
	static const char why[] = "lines are missing: the file was changed after the export";

	im->ended = true;
	import_check_messages(im);
	im->changed = !line_sum_matches(&im->line, &im->sum);
	if (im->line.lines != im->reader.number - 1)
		import_reject_line(im, im->reader.number, why, sizeof(why) - 1);
}

/* Handles a line. 0: continue, even if the line is invalid. */
static int
import_take_line(struct import *im, struct slice text)
{
	static const char late[] = "unexpected line after the end of the export";
	static const char twice[] = "unexpected first line of an export";
	struct message_json_error error;
	uint64_t number = im->reader.number;
	int rc = line_read(&im->line, text, &error);

	if (number == 1 && (rc == -1 || im->line.kind != LINE_HEAD))
		return console_fail(EX_DATAERR, "not a banter export: %s",
		    rc == -1 ? error.text : "its first line is missing");
	if (im->ended)
		import_reject_line(im, number, late, sizeof(late) - 1);
	else if (rc == -1)
		import_reject_line(im, number, error.text, strlen(error.text));
	else if (im->line.kind == LINE_RECORD) {
		import_note_line(im);
		return import_put_back(im);
	} else if (im->line.kind == LINE_END)
		import_take_end(im);
	else if (number != 1)
		import_reject_line(im, number, twice, sizeof(twice) - 1);
	return 0;
}

static void
import_show_progress(const struct import *im)
{
	const struct line_reader *r = &im->reader;

	if (!progress_due())
		return;
	if (im->size > 0 && r->bytes <= im->size)
		progress_show(
		    "%" PRIu64 " lines, %" PRIu64 " %%", r->number, r->bytes * 100 / im->size);
	else
		progress_show("%" PRIu64 " lines", r->number);
}

/* Called before a read that may block: sends queued requests, because storaged drops a peer that
 * does not finish a message. */
static int
import_send_before_waiting(void *arg)
{
	struct import *im = arg;
	struct pollfd p = {.fd = im->reader.fd, .events = POLLIN};

	if (poll(&p, 1, 0) == 0)
		im->unsent = store_conn_flush(&im->store);
	return im->unsent;
}

/* Handles all lines. */
static int
import_take_lines(struct import *im)
{
	enum line_result r;
	struct slice text;
	int status = 0;

	while (status == 0 && (r = line_reader_next(&im->reader, &text)) != LINE_NONE) {
		if (r == LINE_TOO_LONG)
			return console_fail(EX_DATAERR,
			    "line %" PRIu64 " is too long: not a banter export",
			    im->reader.number + 1);
		if (r == LINE_FAILED && im->unsent != 0)
			return im->unsent;
		if (r == LINE_FAILED)
			return console_fail(
			    EX_IOERR, "cannot read the export: %s", strerror(errno));
		status = import_take_line(im, text);
		line_sum_add(&im->sum, text);
		import_show_progress(im);
	}
	if (status == 0 && im->reader.number == 0)
		return console_fail(EX_DATAERR, "the export is empty");
	return status;
}

static void
import_print_sum(const struct import *im)
{
	if (im->json) {
		list_print_json(json_pack("{s:I, s:I, s:I, s:I, s:I, s:b}", "conversations",
		    (json_int_t)im->conversations, "messages", (json_int_t)im->messages,
		    "logins", (json_int_t)im->logins, "others", (json_int_t)im->others,
		    "left_out", (json_int_t)im->rejected, "complete", (int)im->ended));
		return;
	}
	console_print("imported: %s, %s, %s, %s",
	    units_count(im->conversations, "conversation", "conversations").text,
	    units_count(im->messages, "message", "messages").text,
	    units_count(im->logins, "login", "logins").text,
	    units_count(im->others, "other record", "other records").text);
}

/* Prints the summary; all replies have been received, unless the import failed. */
static int
import_finish(const struct import *im, int status)
{
	progress_clear();
	if (im->reader.number > 1)
		import_print_sum(im);
	if (status != 0) {
		console_warn("the import is incomplete; importing the file again is safe");
		return status;
	}
	if (!im->ended)
		console_warn("the export is truncated: its last line is missing");
	if (im->rejected > 0)
		console_warn("%s invalid and left out",
		    units_count(im->rejected, "line was", "lines were").text);
	if (im->missing > 0)
		console_warn("%s of %s missing in the export",
		    units_count(im->missing, "message", "messages").text,
		    units_count(im->missing_in, "conversation", "conversations").text);
	if (im->changed)
		console_warn(
		    "the checksum is wrong: the file was changed after the export, and what "
		    "was imported may be wrong");
	if (im->line.format == LINE_FORMAT_OLD)
		console_warn(
		    "the export has no checksum, as those of an older banter: a changed "
		    "text was not noticed");
	return im->ended && im->rejected == 0 && im->missing == 0 && !im->changed ? 0
										  : EX_DATAERR;
}

static int
import_run(struct import *im, int fd)
{
	int status;

	for (uint32_t i = 0; i < IN_FLIGHT_MAX; i++)
		im->unused[im->n_unused++] = i;
	line_init(&im->line);
	file_sum_init(&im->sum);
	line_reader_init(&im->reader, fd, LINE_MAX_BYTES);
	im->reader.before = import_send_before_waiting;
	im->reader.arg = im;
	status = import_take_lines(im);
	if (status == 0 || status == EX_DATAERR) {
		int answered = import_take_all_answers(im);

		status = answered != 0 ? answered : status;
	}
	status = import_finish(im, status);
	file_sum_clear(&im->sum);
	line_clear(&im->line);
	line_reader_clear(&im->reader);
	return status;
}

static int
import_open_input(struct import *im, const char *path, int *fd)
{
	struct stat st;

	*fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
				     : open(path, O_RDONLY | O_CLOEXEC);
	if (*fd == -1 || fstat(*fd, &st) == -1)
		return console_fail_path(path, errno);
	im->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	return 0;
}

/* Refuses a file with a wrong checksum before anything of it is imported. */
static int
import_check_input(const struct import *im, int fd)
{
	if (im->size == 0 || !import_check_is_changed(fd))
		return 0;
	progress_clear();
	return console_fail(EX_DATAERR,
	    "the checksum is wrong: the file was changed after the export, and nothing was "
	    "imported; --force imports it anyway");
}

int
import_export(const char *path, const char *socket, bool force, bool json)
{
	struct import im = {.store.channel.fd = -1, .json = json};
	int fd = -1, status;

	status = import_open_input(&im, path, &fd);
	if (status == 0 && !force)
		status = import_check_input(&im, fd);
	if (status == 0)
		status = store_conn_open_running(&im.store, socket);
	if (status == 0)
		status = import_run(&im, fd);
	store_conn_close(&im.store);
	closefd(&fd);
	return status;
}

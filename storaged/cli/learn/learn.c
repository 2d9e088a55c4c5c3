/*
 * `banter learn`: adds content to a source, and waits until crawld has read it.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"
#include "proto/base/utf8.h"
#include "storaged/cli/base/command.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/options.h"
#include "storaged/cli/base/progress.h"
#include "storaged/cli/base/units.h"
#include "storaged/cli/learn/learn_report.h"
#include "storaged/cli/store/org_option.h"
#include "storaged/cli/store/store_pages.h"

static const char about[] = "Adds content that replies are based on: a site, one page of it, a "
			    "file, or all files of a\n"
			    "directory (HTML, Markdown, text, PDF, DOCX, by their suffix). "
			    "Waits until crawld has read it,\n"
			    "and prints what was not read, and why. Repeating the command "
			    "reads changed content again.\n"
			    "\n"
			    "Replies use it once an agent's knowledge includes the source.\n";

/* How often to look; and how long crawld may be away, such as for a restart, before the command gives up. */
#define LOOK_MS 300u
#define AWAY_MS 5000u

struct learn {
	struct store_conn store;
	struct learn_source source;
	struct learn_files files;
	bool is_files;
	uint64_t crawld_seen; /* ms, monotonic */
};

/* Whether crawld is connected to storaged. */
static int
learn_find_crawld(struct learn *l, bool *found)
{
	struct msg_peer_status peer;
	struct slice item;
	union msg m;
	int status = store_conn_request(
	    &l->store, MSG_STATUS_GET, &(struct msg_status_get){}, MSG_STATUS, &m);

	*found = false;
	while (status == 0 && wire_list_next(&m.status.peers, &item))
		*found |= record_decode(item, MSG_PEER_STATUS, &peer) == WIRE_OK &&
		    peer.role == ROLE_CRAWL;
	return status;
}

/* Asks crawld to read a source that it knows. A new source is read at once. */
static int
learn_ask(struct learn *l)
{
	const struct msg_source_ask ask = {
	    .org = l->source.org, .source = l->source.id, .ask = ASK_CRAWL};
	union msg m;

	if (l->source.created || l->is_files)
		return 0;
	return store_conn_request(&l->store, MSG_SOURCE_ASK, &ask, MSG_OK, &m);
}

/* The uploads of this command that wait. */
struct learn_waiting {
	const struct learn_files *files;
	size_t n;
};

static void
learn_count_waiting(void *arg, struct slice item)
{
	struct learn_waiting *waiting = arg;
	struct msg_source_page_record r;

	must(record_decode(item, MSG_SOURCE_PAGE_RECORD, &r) == WIRE_OK);
	if (id_is_zero(&r.upload))
		return;
	for (size_t i = 0; i < waiting->files->n; i++)
		if (id_equal(&waiting->files->of[i].page, &r.id)) {
			waiting->n++;
			return;
		}
}

static int
learn_files_wait(struct learn *l, size_t *waiting_n)
{
	struct learn_waiting waiting = {.files = &l->files};
	struct msg_source_page_list ask = {
	    .org = l->source.org, .source = l->source.id, .limit = 500};
	int status = store_pages_walk(&l->store, MSG_SOURCE_PAGE_LIST, &ask, &ask.cursor,
	    MSG_SOURCE_PAGES, learn_count_waiting, &waiting);

	*waiting_n = waiting.n;
	return status;
}

/* Whether crawld has done what this command asked for. */
static int
learn_look(struct learn *l, bool *done)
{
	struct msg_source_state_record now;
	size_t waiting = 0;
	int status = learn_source_state(&l->store, &l->source, &now);

	*done = false;
	if (status != 0)
		return status;
	if (progress_due())
		progress_show("%" PRIu32 " read, %" PRIu32 " waiting, %" PRIu32 " not read",
		    now.read, now.waiting, now.unread);
	*done = now.state != SOURCE_RUNNING && now.ended_at != 0 &&
	    (l->source.created ||
		(now.ended_at > l->source.before.ended_at && now.started_at >= now.asked_at));
	if (l->is_files) {
		status = learn_files_wait(l, &waiting);
		*done = waiting == 0;
	}
	return status;
}

/* Waits for crawld. *complete: it has read everything; otherwise it is not there. */
static int
learn_wait(struct learn *l, bool *complete)
{
	const struct timespec nap = {.tv_nsec = LOOK_MS * 1000000L};
	bool there = true, found;
	int status = 0;

	*complete = false;
	l->crawld_seen = clock_mono_ms();
	while (status == 0 && !*complete && there) {
		status = learn_look(l, complete);
		if (status != 0 || *complete)
			break;
		status = learn_find_crawld(l, &found);
		if (found)
			l->crawld_seen = clock_mono_ms();
		there = clock_mono_ms() < l->crawld_seen + AWAY_MS;
		if (status == 0 && there)
			(void)nanosleep(&nap, NULL);
	}
	progress_clear();
	return status;
}

static int
learn_run(struct learn *l, bool json)
{
	struct learn_report report = {.source = &l->source, .json = json};
	int status = learn_source_open(&l->store, &l->source);

	if (status == 0)
		status = learn_ask(l);
	if (status == 0 && l->is_files) {
		report.files = &l->files;
		status = learn_files_upload(&l->files, &l->store, &l->source);
	}
	if (status == 0)
		status = learn_wait(l, &report.complete);
	if (status == 0)
		status = learn_report_print(&report, &l->store);
	if (status == 0 && !report.complete)
		return console_fail(EX_UNAVAILABLE,
		    "crawld is not connected to storaged: it reads the content when it runs");
	return status;
}

/* Reads what to learn. 0, or the exit status after an error message. */
static int
learn_read_operand(struct learn *l, const char *operand, const char *name, bool page)
{
	struct stat st = {0};

	if (learn_source_is_url(operand)) {
		l->source.url = operand;
		l->source.kind = page ? SOURCE_PAGE : SOURCE_SITE;
		if (strlen(operand) > 2048 || !utf8_is_line(slice_str(operand)) ||
		    !utf8_valid(slice_str(operand)))
			return console_fail(EX_USAGE, "the address is invalid or too long");
	} else if (page) {
		return console_fail(EX_USAGE, "--page needs an http or https address");
	} else if (stat(operand, &st) == -1) {
		return console_fail_path(operand, errno);
	} else {
		l->is_files = true;
		l->source.kind = SOURCE_FILES;
	}
	if (name == NULL) {
		learn_source_set_name(&l->source, operand, S_ISDIR(st.st_mode));
		return 0;
	}
	if (*name == '\0' || strlen(name) > LEARN_NAME_MAX || !utf8_valid(slice_str(name)) ||
	    !utf8_is_line(slice_str(name)))
		return console_fail(EX_USAGE,
		    "--source must have 1 to %d bytes of UTF-8 in one line", LEARN_NAME_MAX);
	memcpy(l->source.name, name, strlen(name) + 1);
	return 0;
}

int
learn_command(struct invocation *inv)
{
	const char *org_text = NULL, *name = NULL;
	bool page = false, json = false, progress = false;
	const struct option_row rows[] = {
	    {"source", "NAME", "the source; default: its host, its directory, or Files",
		.text = &name},
	    {"page", NULL, "only the page at the address, not its site", .flag = &page},
	    {"org", "ID", "the organization; default: the first one", .text = &org_text},
	    {"progress", NULL, "show progress, even if standard error is not a terminal",
		.flag = &progress},
	    {"json", NULL, "print the report as JSON", .flag = &json},
	    {0},
	};
	struct learn l = {.source.org = id_default_org, .store.channel.fd = -1};
	int status;

	if (!options_read(inv, rows, about, &status))
		return status;
	progress_open(progress);
	status = org_option_parse(org_text, &l.source.org);
	if (status == 0)
		status = learn_read_operand(&l, inv->operand, name, page);
	if (status == 0 && l.is_files)
		status = learn_files_find(&l.files, inv->operand);
	if (status == 0)
		status = store_conn_open_running(&l.store, inv->settings.store_socket);
	if (status == 0)
		status = org_option_check(&l.store, org_text, &l.source.org);
	if (status == 0)
		status = learn_run(&l, json);
	store_conn_close(&l.store);
	learn_files_clear(&l.files);
	return status;
}

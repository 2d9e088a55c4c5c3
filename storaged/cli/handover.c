/*
 * `banter handover`: lets another machine own the store, before this one is stopped.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "proto/base/clock.h"
#include "storaged/cli/base/console.h"
#include "storaged/cli/base/options.h"
#include "storaged/cli/base/units.h"
#include "storaged/cli/store/store_conn.h"

/* How long to wait for the new owner, how often to look, and how often to say what it waits for. storaged itself
 * gives up earlier. */
#define WAIT_MS 20000u
#define LOOK_MS 20u
#define SAY_MS  1000u

static const char about[] =
    "On several machines: hands the ownership of the store over to the standby NAME, or to "
    "the\n"
    "one that is nearest, so that this machine can be stopped without an interruption. Waits\n"
    "until the standby has caught up, for at most 8 s, and has taken over. If it does not do "
    "so\n"
    "within a second, nothing changes. `banter status` shows who is the owner.\n";

/* What is needed of a status, whose texts are only borrowed. */
struct handover_state {
	enum store_role role;
	uint64_t epoch, behind;
	char owner[65], error[257];
};

/* moving: the role may change now, which closes connections. Then EX_UNAVAILABLE without a message. */
static int
handover_look(const char *socket, bool moving, struct handover_state *state)
{
	struct store_conn conn;
	union msg m;
	int status = store_conn_open_running(&conn, socket);

	conn.may_close = moving;
	if (status == 0)
		status = store_conn_request(
		    &conn, MSG_STATUS_GET, &(struct msg_status_get){}, MSG_STATUS, &m);
	if (status == 0) {
		const struct msg_status *s = &m.status;

		state->role = s->store_role;
		state->epoch = s->log_epoch;
		state->behind = s->log_behind;
		snprintf(state->owner, sizeof(state->owner), "%.*s", (int)s->log_owner.len,
		    (const char *)s->log_owner.p);
		snprintf(state->error, sizeof(state->error), "%.*s", (int)s->log_error.len,
		    (const char *)s->log_error.p);
	}
	store_conn_close(&conn);
	return status;
}

static int
handover_ask(const char *socket, const char *to)
{
	struct store_conn conn;
	union msg m;
	int status = store_conn_open_running(&conn, socket);

	if (status == 0)
		status = store_conn_request(&conn, MSG_HAND_OVER,
		    &(struct msg_hand_over){.to = slice_str(to == NULL ? "" : to)}, MSG_OK, &m);
	store_conn_close(&conn);
	return status;
}

/* Whether it has an end. *status: its exit status. ms: it has taken so long. */
static bool
handover_has_ended(const struct handover_state *before, const struct handover_state *now,
    uint64_t ms, int *status)
{
	*status = 0;
	if (now->role == STORE_STANDBY && strcmp(now->owner, before->owner) != 0 &&
	    now->owner[0] != '\0') {
		console_print("%s is the owner of the store now (%s)", now->owner,
		    units_duration(ms).text);
		return true;
	}
	if (now->role == STORE_OWNER && now->error[0] != '\0') {
		*status = console_fail(EX_TEMPFAIL, "%s: nothing has changed", now->error);
		return true;
	}
	return false;
}

static void
handover_say(const struct handover_state *now, const char *to)
{
	if (now->role == STORE_OWNER)
		console_print("waiting for %s, which is %s behind",
		    to == NULL ? "the nearest standby" : to,
		    units_count(now->behind, "row", "rows").text);
}

/* Waits for the result. */
static int
handover_wait(const char *socket, const char *to, const struct handover_state *before)
{
	const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
	uint64_t began = clock_mono_ms(), ms = 0, said = 0;
	struct handover_state now;

	for (; ms < WAIT_MS; ms = clock_mono_ms() - began) {
		/* Without an answer, the role changes. */
		int status = handover_look(socket, true, &now);

		if (status != EX_UNAVAILABLE &&
		    (status != 0 || handover_has_ended(before, &now, ms, &status)))
			return status;
		if (status == 0 && ms - said >= SAY_MS) {
			handover_say(&now, to);
			said = ms;
		}
		nanosleep(&pause, NULL);
	}
	return console_fail(EX_TEMPFAIL, "no machine has taken over: see banter status");
}

int
handover_command(struct invocation *inv)
{
	const struct option_row rows[] = {{0}};
	struct handover_state before;
	const char *socket;
	int status;

	if (!options_read(inv, rows, about, &status))
		return status;
	socket = inv->settings.store_socket;
	status = handover_look(socket, false, &before);
	if (status != 0)
		return status;
	if (before.role == STORE_ALONE)
		return console_fail(
		    EX_UNAVAILABLE, "STORE_LOG is not set: this machine alone has the store");
	if (before.role == STORE_STANDBY)
		return console_fail(EX_UNAVAILABLE,
		    "this machine is a standby; run this on the owner%s%s",
		    before.owner[0] == '\0' ? "" : ", ", before.owner);
	status = handover_ask(socket, inv->operand);
	return status != 0 ? status : handover_wait(socket, inv->operand, &before);
}

#include "workerd/mediad/conversions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "workerd/children/spawner.h"

/* The spawner kills a child before; this is for a child that nobody could kill. */
#define GIVE_UP_SECONDS (CONVERSION_SECONDS + 5)

#define READ_SIZE 65536u

struct conversion {
	TAILQ_ENTRY(conversion) link;
	struct conversions *all;
	conversion_done *done;
	void *arg;
	int out; /* what the child writes */
	struct event *event;
	struct buf bytes;
};

struct conversions {
	struct event_base *base;
	int spawner;
	struct event *gone; /* the spawner's end */
	TAILQ_HEAD(, conversion) list;
	size_t n;
};

int
conversions_spawner_start(const char *program)
{
	return spawner_start(&(struct spawner_program){
	    .path = program,
	    .name = "media-spawner",
	    .not_started = "media_not_started",
	    .killed = "media_killed",
	    .arguments = 0,
	    .seconds = CONVERSION_SECONDS,
	});
}

static void
conversions_on_spawner(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	never("the process that starts media-extract is gone");
}

struct conversions *
conversions_new(struct event_base *base, int spawner)
{
	struct conversions *all = xcalloc(1, sizeof(*all));

	all->base = base;
	all->spawner = spawner;
	all->gone = event_new(base, spawner, EV_READ, conversions_on_spawner, NULL);
	must(all->gone != NULL && event_add(all->gone, NULL) == 0);
	TAILQ_INIT(&all->list);
	return all;
}

void
conversion_cancel(struct conversion *one)
{
	TAILQ_REMOVE(&one->all->list, one, link);
	one->all->n--;
	event_free(one->event);
	closefd(&one->out);
	buf_clear(&one->bytes);
	free(one);
}

void
conversions_free(struct conversions *all)
{
	struct conversion *one;

	if (all == NULL)
		return;
	while ((one = TAILQ_FIRST(&all->list)) != NULL)
		conversion_cancel(one);
	event_free(all->gone);
	closefd(&all->spawner);
	free(all);
}

bool
conversions_have_room(const struct conversions *all)
{
	return all->n < CONVERSIONS_RUNNING;
}

int
conversion_file(void)
{
	return memfd_create("picture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

int
conversion_file_add(int file, struct slice piece)
{
	while (piece.len > 0) {
		ssize_t n = write(file, piece.p, piece.len);

		if (n <= 0)
			return -1;
		piece.p += n;
		piece.len -= (size_t)n;
	}
	return 0;
}

/* The result is decoded before the conversion is freed, and points into its bytes. */
static void
conversion_finish(struct conversion *one, bool whole)
{
	struct buf bytes = one->bytes;
	conversion_done *done = one->done;
	void *arg = one->arg;
	struct media_result result;

	buf_init(&one->bytes, MEDIA_RESULT_MAX);
	conversion_cancel(one);
	whole = whole && media_result_decode(buf_slice(&bytes), &result);
	done(arg, whole ? &result : NULL);
	buf_clear(&bytes);
}

/* The child has closed its output: with a whole result, or it was killed. */
static void
conversion_on_output(evutil_socket_t fd, short what, void *arg)
{
	struct conversion *one = arg;
	uint8_t *to;
	ssize_t n;

	if (what & EV_TIMEOUT) {
		conversion_finish(one, false);
		return;
	}
	to = buf_reserve(&one->bytes, READ_SIZE);
	if (to == NULL) {
		conversion_finish(one, false);
		return;
	}
	n = read(fd, to, READ_SIZE);
	if (n > 0)
		buf_commit(&one->bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		conversion_finish(one, n == 0);
}

/* Hands the file to a child; the end of its output to read from, or -1 with errno. */
static int
conversion_spawn(const struct conversions *all, int file)
{
	int ends[2], result;

	if (lseek(file, 0, SEEK_SET) == -1 ||
	    fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK) == -1)
		return -1;
	if (pipe2(ends, O_CLOEXEC) == -1)
		return -1;
	must(fd_nonblock(ends[0]) == 0);
	result = spawner_send(all->spawner, slice_str(""), file, ends[1]);
	closefd(&ends[1]);
	if (result == -1)
		closefd(&ends[0]);
	return ends[0];
}

struct conversion *
conversion_start(struct conversions *all, int file, conversion_done *done, void *arg)
{
	const struct timeval patience = {GIVE_UP_SECONDS, 0};
	struct conversion *one;
	int out;

	must(conversions_have_room(all));
	out = conversion_spawn(all, file);
	closefd(&file);
	if (out == -1)
		return NULL;
	one = xcalloc(1, sizeof(*one));
	one->all = all;
	one->done = done;
	one->arg = arg;
	one->out = out;
	buf_init(&one->bytes, MEDIA_RESULT_MAX + READ_SIZE);
	one->event =
	    event_new(all->base, one->out, EV_READ | EV_PERSIST, conversion_on_output, one);
	must(one->event != NULL && event_add(one->event, &patience) == 0);
	TAILQ_INSERT_TAIL(&all->list, one, link);
	all->n++;
	return one;
}

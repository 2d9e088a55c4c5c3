/*
 * Writes with a timeout, to any kind of file: a timer signal interrupts write(2).
 */
#include "storaged/cli/export/sink.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "proto/base/basics.h"
#include "proto/base/clock.h"

/* How often a blocked write is interrupted to check the clock. */
#define TICK_SECONDS 1

static void
sink_on_tick(int sig)
{
	(void)sig;
}

static void
sink_set_timer(time_t seconds)
{
	const struct itimerval timer = {{.tv_sec = seconds}, {.tv_sec = seconds}};

	must(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

void
sink_init(struct sink *s, int fd, size_t max)
{
	/* Without SA_RESTART, so that write(2) returns. */
	const struct sigaction act = {.sa_handler = sink_on_tick};

	*s = (struct sink){.fd = fd, .seconds = SINK_SECONDS};
	buf_init(&s->out, SINK_PIECE + max);
	must(sigaction(SIGALRM, &act, NULL) == 0);
}

void
sink_clear(struct sink *s)
{
	buf_clear(&s->out);
}

static int
sink_write_piece(struct sink *s, size_t n)
{
	uint64_t deadline = clock_mono_ms() + s->seconds * UINT64_C(1000);

	while (n > 0) {
		ssize_t written = write(s->fd, buf_data(&s->out), n);

		if (written == -1 && errno != EINTR)
			return -1;
		if (written > 0) {
			buf_consume(&s->out, (size_t)written);
			n -= (size_t)written;
		}
		if (n > 0 && clock_mono_ms() >= deadline) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	return 0;
}

/* Writes until fewer than `keep` bytes are left. */
static int
sink_write_down_to(struct sink *s, size_t keep)
{
	int rc = 0;

	sink_set_timer(TICK_SECONDS);
	while (rc == 0 && buf_len(&s->out) > 0 && buf_len(&s->out) >= keep) {
		size_t n = buf_len(&s->out);

		rc = sink_write_piece(s, n < SINK_PIECE ? n : SINK_PIECE);
	}
	sink_set_timer(0);
	return rc;
}

int
sink_write(struct sink *s)
{
	return buf_len(&s->out) < SINK_PIECE ? 0 : sink_write_down_to(s, SINK_PIECE);
}

int
sink_flush(struct sink *s)
{
	return sink_write_down_to(s, 0);
}

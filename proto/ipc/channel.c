#include "proto/ipc/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <bsd/string.h>

#include "proto/base/basics.h"

/* Bytes of one read: many small frames, or a part of a large one. */
#define READ_SIZE 65536

/* Room for channel_read_more(): hundreds of requests. Memory that was never written is address
 * space only. */
#define AHEAD_SIZE ((size_t)512 << 10)

/* Memory that a buffer keeps for its next use, such as the replies to those requests. */
#define KEEP_SIZE ((size_t)1 << 20)

/* Send buffer, within net.core.wmem_max. With a smaller one the replies to hundreds of requests
 * would need several loop iterations, and the next requests would arrive in as many batches. */
#define SEND_SIZE (1 << 20)

/* The number of this process. */
static uint64_t
channel_instance(void)
{
	static uint64_t instance;
	struct id id;

	if (instance == 0) {
		id = id_new();
		/* The last bytes of an id are random. */
		memcpy(&instance, id.b + sizeof(id.b) - sizeof(instance), sizeof(instance));
	}
	return instance;
}

void
channel_open(struct channel *ch, int fd, enum role self, unsigned peers, size_t out_max)
{
	struct msg_hello hello = {
	    .version = WIRE_VERSION,
	    .role = (uint8_t)self,
	    .pid = (uint32_t)getpid(),
	    .program = slice_str("banter " BANTER_VERSION),
	    .instance = channel_instance(),
	};
	const int send_size = SEND_SIZE;

	must(out_max >= WIRE_FRAME_MAX);
	*ch = (struct channel){.fd = fd, .self = self, .peers = peers};
	/* Failure only costs more loop iterations. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_size, sizeof(send_size));
	buf_init(&ch->in, WIRE_FRAME_MAX + READ_SIZE);
	buf_init(&ch->out, out_max);
	must(msg_encode(&ch->out, MSG_HELLO, 0, &hello) == 0);
}

void
channel_close(struct channel *ch)
{
	closefd(&ch->fd);
	buf_clear(&ch->in);
	buf_clear(&ch->out);
}

/* Consumes what channel_next() has returned. */
static void
channel_consume_taken(struct channel *ch)
{
	buf_consume(&ch->in, ch->taken);
	ch->taken = 0;
}

/* Frees the memory that a rare large frame needed; keeps the usual size for the next loop
 * iteration. */
static void
channel_shrink(struct buf *b)
{
	if (b->cap > KEEP_SIZE)
		buf_release(b);
}

/* Reads once if there is room. Without room a whole frame is in the buffer, and the owner takes it
 * first. */
static enum channel_io
channel_receive(struct channel *ch, size_t room)
{
	uint8_t *p;
	ssize_t n;

	if (room < READ_SIZE)
		return CHANNEL_DONE;
	p = buf_reserve(&ch->in, room);
	if (p == NULL)
		return CHANNEL_FAILED;
	do
		n = recv(ch->fd, p, READ_SIZE, 0);
	while (n == -1 && errno == EINTR);
	if (n > 0) {
		buf_commit(&ch->in, (size_t)n);
		return CHANNEL_DONE;
	}
	if (n == 0)
		return CHANNEL_CLOSED;
	return errno == EAGAIN ? CHANNEL_DONE : CHANNEL_FAILED;
}

enum channel_io
channel_read(struct channel *ch)
{
	size_t room;

	channel_consume_taken(ch);
	channel_shrink(&ch->in);
	room = buf_room(&ch->in);
	return channel_receive(ch, room < AHEAD_SIZE ? room : AHEAD_SIZE);
}

enum channel_io
channel_read_more(struct channel *ch)
{
	return channel_receive(ch, buf_spare(&ch->in));
}

/* The peer's version must be ours, and its role one that we accept. */
static enum wire_result
channel_receive_hello(struct channel *ch, const struct frame *f)
{
	union msg m;
	enum wire_result r = msg_decode(f, ROLE_ANY, ch->self, WHEN_FIRST, &m);

	if (r != WIRE_OK)
		return r;
	if (m.hello.version != WIRE_VERSION || !(ch->peers & m.hello.role) ||
	    (m.hello.role & (m.hello.role - 1)) != 0)
		return WIRE_FORBIDDEN;
	ch->peer = (enum role)m.hello.role;
	ch->peer_pid = m.hello.pid;
	ch->peer_instance = m.hello.instance;
	if (!slice_copy_text(m.hello.program, ch->peer_program, sizeof(ch->peer_program)))
		return WIRE_RANGE;
	return WIRE_OK;
}

enum wire_result
channel_next(struct channel *ch, struct frame *f, union msg *m)
{
	for (;;) {
		struct slice in = buf_slice(&ch->in);
		enum wire_result r;
		size_t size;

		in.p += ch->taken;
		in.len -= ch->taken;
		r = wire_frame(in, f, &size);
		if (r != WIRE_OK)
			return r;
		if (ch->peer != ROLE_NONE) {
			r = msg_decode(f, ch->peer, ch->self, WHEN_READY, m);
			ch->taken += size;
			return r;
		}
		r = channel_receive_hello(ch, f);
		if (r != WIRE_OK)
			return r;
		ch->taken += size;
	}
}

bool
channel_has_partial(const struct channel *ch)
{
	return buf_len(&ch->in) > ch->taken;
}

int
channel_send(struct channel *ch, enum msg_type type, uint64_t request, const void *msg)
{
	return msg_encode(&ch->out, type, request, msg);
}

int
channel_send_frame(struct channel *ch, struct slice frame)
{
	return buf_append(&ch->out, frame.p, frame.len);
}

enum channel_io
channel_flush(struct channel *ch)
{
	while (buf_len(&ch->out) > 0) {
		ssize_t n = send(ch->fd, buf_data(&ch->out), buf_len(&ch->out), MSG_NOSIGNAL);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno == EAGAIN ? CHANNEL_PENDING : CHANNEL_FAILED;
		buf_consume(&ch->out, (size_t)n);
	}
	channel_shrink(&ch->out);
	return CHANNEL_DONE;
}

void
channel_free_unused(struct channel *ch)
{
	channel_consume_taken(ch);
	buf_release(&ch->in);
	buf_release(&ch->out);
}

int
channel_connect(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd;

	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	/* A Unix socket connects immediately or not at all (EAGAIN: its backlog is full). */
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == -1) {
		int saved = errno;

		closefd(&fd);
		errno = saved;
		return -1;
	}
	return fd;
}

/*
 * The command's connection to storaged, against a socket of the test.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include "storaged/cli/store/store_conn.h"
#include "tests/unit/unit.h"

/* Listens at a new path. */
static int
listen_at(struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*sun = (struct sockaddr_un){.sun_family = AF_UNIX};
	(void)snprintf(
	    sun->sun_path, sizeof(sun->sun_path), "/tmp/banter-conn-%d", (int)getpid());
	(void)unlink(sun->sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)sun, sizeof(*sun)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* A command may ask for a password before its first request; storaged waits 2 s for the hello. */
TEST(the_hello_is_sent_before_the_first_request)
{
	struct sockaddr_un sun;
	int listener = listen_at(&sun), peer;
	struct store_conn conn;
	uint8_t hello[256];

	assert_int_equal(store_conn_open(&conn, sun.sun_path), 0);
	peer = accept(listener, NULL, NULL);
	assert_true(peer != -1);
	assert_true(recv(peer, hello, sizeof(hello), MSG_DONTWAIT) > 0);
	store_conn_close(&conn);
	assert_int_equal(close(peer) | close(listener) | unlink(sun.sun_path), 0);
}

TEST_MAIN(NULL, NULL)

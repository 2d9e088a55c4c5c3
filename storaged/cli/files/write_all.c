#include "storaged/cli/files/write_all.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

int
write_all(int fd, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	while (n > 0) {
		ssize_t written = write(fd, p, n);

		if (written == 0)
			return ENOSPC;
		if (written == -1 && errno != EINTR)
			return errno;
		if (written > 0) {
			p += written;
			n -= (size_t)written;
		}
	}
	return 0;
}

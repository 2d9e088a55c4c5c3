#include "proto/process/daemon_folder.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT_STEP_US 50000
#define WAIT_STEPS   600

int
daemon_folder_make(const char *path)
{
	for (int i = 0; i < WAIT_STEPS; i++) {
		if (mkdir(path, 0700) == 0 || errno == EEXIST)
			return 0;
		if (errno != ENOENT)
			break;
		usleep(WAIT_STEP_US);
	}
	return -1;
}

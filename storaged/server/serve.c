#include "storaged/server/serve.h"

#include <unistd.h>

#include "proto/base/basics.h"
#include "storaged/server/listen.h"

int
serve_listen(const struct settings *settings, const struct access *access, const char *path,
    serve_fn *serve, void *arg)
{
	bool inherited;
	int listener, status = listen_socket(path, &listener, &inherited);

	if (status != 0)
		return status;
	if (!inherited)
		status = access_share(access, path);
	if (status == 0)
		status = serve(settings, access, listener, arg);
	closefd(&listener);
	if (!inherited)
		unlink(path);
	return status;
}

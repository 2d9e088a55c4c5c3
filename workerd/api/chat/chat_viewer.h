/*
 * The parameter operators=1 of requests: the client knows operators.
 */
#ifndef WORKERD_API_CHAT_CHAT_VIEWER_H
#define WORKERD_API_CHAT_CHAT_VIEWER_H

#include "workerd/api/live/live_author.h"

enum live_viewer chat_viewer_read(struct slice query);

#endif

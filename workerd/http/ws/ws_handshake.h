/*
 * The opening handshake of WebSocket.
 */
#ifndef WORKERD_HTTP_WS_WS_HANDSHAKE_H
#define WORKERD_HTTP_WS_WS_HANDSHAKE_H

#include "workerd/http/http_exchange.h"

/* Whether a request asks for a WebSocket of version 13 (RFC 6455, section 4.2.1). If not, replies 426 with
 * Upgrade and Sec-WebSocket-Version, or 400 with the reason. Extensions and subprotocols are ignored. */
[[gnu::warn_unused_result]] bool ws_handshake_check(struct http_exchange *x);

#define WS_ACCEPT_SIZE 29 /* 20 bytes in base64, and the NUL */

/* The value of Sec-WebSocket-Accept for a request that ws_handshake_check() has accepted. */
void ws_handshake_accept(const struct http_request *req, char accept[WS_ACCEPT_SIZE]);

#endif

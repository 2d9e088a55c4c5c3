/*
 * A widget's public id, by which its script tag names it: "wid_" and 22 base62 characters, some 131 bits.
 */
#ifndef PROTO_IPC_PUBLIC_ID_H
#define PROTO_IPC_PUBLIC_ID_H

#define PUBLIC_ID_TEXT 26
/* The longest that a widget may have: an imported one keeps its id. As in messages.def. */
#define PUBLIC_ID_MAX 32

/* A new random id, with its NUL. */
void public_id_new(char out[PUBLIC_ID_TEXT + 1]);

#endif

/*
 * Why a model ended its reply: finish_reason, for which each server has its own words.
 */
#ifndef WORKERD_MODEL_OPENAI_OPENAI_FINISH_H
#define WORKERD_MODEL_OPENAI_OPENAI_FINISH_H

#include "proto/base/buf.h"

enum openai_finish {
	OPENAI_GOES_ON,  /* no reason, or an unknown one: not an end */
	OPENAI_STOPPED,  /* the reply is complete */
	OPENAI_LENGTH,   /* cut at a limit of tokens */
	OPENAI_FILTERED, /* cut by the server's content filter */
	OPENAI_FAILED,   /* the server could not write more */
};

/* The meaning of a finish_reason, in any case and with any separators. */
enum openai_finish openai_finish_of(struct slice reason);

#endif

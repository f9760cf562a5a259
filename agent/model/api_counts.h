/* SPDX-License-Identifier: MIT */
/* Counters of the API: connections, and what was refused, by cause. */
#ifndef AGENT_MODEL_API_COUNTS_H
#define AGENT_MODEL_API_COUNTS_H

#include <stddef.h>
#include <stdint.h>

enum api_cause {
	/* Connections. */
	API_TOO_MANY,   /* all of the client's share are being answered */
	API_PUSHED_OUT, /* made room for another one */
	API_TOO_SLOW,   /* its request took too long to arrive */
	/* Requests. */
	API_INVALID,     /* 400, 404, 405, 413, 414 */
	API_TOKEN,       /* 401 */
	API_FORBIDDEN,   /* 403 */
	API_CONFLICT,    /* 409 */
	API_RATE,        /* 429 */
	API_UNAVAILABLE, /* 503, 507 */
	API_CAUSES,
};
const char *api_cause_name(enum api_cause cause); /* "too_many", "pushed_out" … */
/* Of the reply with this status; API_CAUSES: it refuses nothing. */
enum api_cause api_cause_of(unsigned status);

/* Paths of the API at most, and statuses that are told apart; all others are the last one. */
#define API_PATHS_MAX 64
#define API_CODES     16
extern const unsigned api_codes[API_CODES];

struct api_counts {
	size_t connections;
	size_t followers; /* of those: follow the events */
	uint64_t accepted;
	uint64_t refused[API_CAUSES];
	const char *paths[API_PATHS_MAX]; /* static texts; NULL: no request yet */
	uint64_t requests[API_PATHS_MAX][API_CODES];
};

/* `path` is number `i` of the API. */
void api_count_request(struct api_counts *c, size_t i, const char *path, unsigned status);

#endif

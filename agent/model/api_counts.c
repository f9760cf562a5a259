/* SPDX-License-Identifier: MIT */
#include "agent/model/api_counts.h"

const char *api_cause_name(enum api_cause cause)
{
	static const char *const names[API_CAUSES] = {
		[API_TOO_MANY] = "too_many",
		[API_PUSHED_OUT] = "pushed_out",
		[API_TOO_SLOW] = "too_slow",
		[API_INVALID] = "invalid",
		[API_TOKEN] = "token",
		[API_FORBIDDEN] = "forbidden",
		[API_CONFLICT] = "conflict",
		[API_RATE] = "rate",
		[API_UNAVAILABLE] = "unavailable",
	};
	return names[cause];
}

enum api_cause api_cause_of(unsigned status)
{
	switch (status) {
	case 401:
		return API_TOKEN;
	case 403:
		return API_FORBIDDEN;
	case 409:
		return API_CONFLICT;
	case 429:
		return API_RATE;
	default:
		break;
	}
	if (status >= 500)
		return API_UNAVAILABLE;
	return status >= 400 ? API_INVALID : API_CAUSES;
}

const unsigned api_codes[API_CODES] = { 200, 202, 400, 401, 403, 404, 405, 408,
					409, 413, 422, 429, 500, 503, 507, 0 };

void api_count_request(struct api_counts *c, size_t i, const char *path, unsigned status)
{
	size_t code = 0;
	while (code < API_CODES - 1 && api_codes[code] != status)
		code++;
	if (i >= API_PATHS_MAX)
		return;
	c->paths[i] = path;
	c->requests[i][code]++;
}

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

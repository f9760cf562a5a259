/* SPDX-License-Identifier: MIT */
#include "lib/wallclock.h"

#include <stdio.h>
#include <time.h>

#include "lib/mono.h"

const char *date_format(wall_t at, char buf[static DATE_TEXT_MAX])
{
	time_t seconds = (time_t)(at / USEC_PER_SEC);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	snprintf(buf, DATE_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
		 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		 (int)(at % USEC_PER_SEC / USEC_PER_MSEC));
	return buf;
}

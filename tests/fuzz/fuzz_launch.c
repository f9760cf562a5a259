/* SPDX-License-Identifier: MIT */
/* A request to the launcher: what is read must be written back octet for octet. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "process/launch_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct launch_request request;
	static char again[LAUNCH_REQUEST_MAX];
	char *buf = malloc(len + 1);
	if (!buf)
		abort();
	memcpy(buf, data, len);
	if (launch_request_read(buf, len, &request) == 0) {
		ssize_t n = launch_request_write(&request, again, sizeof(again));
		if (n < 0 || (size_t)n != len || memcmp(again, data, len) != 0)
			abort();
	}
	struct launch_reply reply;
	if (len <= sizeof(reply)) {
		memcpy(&reply, data, len);
		memset((char *)&reply + len, 0, sizeof(reply) - len);
		if (launch_reply_check(&reply, len) == 0 && launch_reply_size(&reply) != len)
			abort();
	}
	free(buf);
	return 0;
}

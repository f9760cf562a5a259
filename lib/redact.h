/* SPDX-License-Identifier: MIT */
/*
 * Secrets out of text that others read: log lines, views, findings. Pure.
 *
 * Commands, URLs and their output are other people's text; a secret in it is recognised by what
 * surrounds it:
 *
 *	https://USER:PASSWORD@HOST/        the user information of a URL
 *	password=X  API_TOKEN='X'          assignments, also in a query
 *	--token X  -u USER:PASSWORD        options of commands
 *	X-Vault-Token: X  "secret": "X"    header fields and JSON
 *	Bearer X
 */
#ifndef LIB_REDACT_H
#define LIB_REDACT_H

#include <stdbool.h>

/* Each secret becomes at most three asterisks, so the text never grows. */
void redact(char *text);
/* Is there anything for redact() to do? */
bool redact_is_needed(const char *text);

#endif
